import { globSync, readFileSync } from "node:fs";

/** A page of `docs/`, in the order of `docs/README.md`. */
export interface DocumentPage {
  /** From the package's folder on, such as `docs/guide/quickstart.md`. */
  readonly path: string;
  readonly title: string;
  /** What a reader can do with it; empty if the list of pages does not say so. */
  readonly purpose: string;
  /** The heading in `docs/README.md` under which it is listed; undefined for pages that are listed elsewhere. */
  readonly section: string | undefined;
  /** The Markdown below its title. */
  readonly text: string;
}

const LIST = "docs/README.md";
const ROW = /^\| \[(?<title>[^\]]+)\]\((?<link>[^)]+\.md)\) \| (?<purpose>.*) \|$/;

/**
 * Every page of the documentation but the list of pages itself.
 *
 * @param root the folder of package.json, with a slash at its end
 * @throws Error if the list names a page that does not exist
 */
export function documentPages(root: URL): DocumentPage[] {
  const read = (path: string): string => readFileSync(new URL(path, root), "utf8");
  const listed = listedPages(read(LIST)).map(({ path, ...row }) => ({ ...row, ...pageOf(path, read(path)) }));
  const known = new Set([LIST, ...listed.map(({ path }) => path)]);
  const others = globSync("docs/**/*.md", { cwd: root })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => !known.has(path))
    .sort()
    .map((path) => ({ purpose: "", section: undefined, ...pageOf(path, read(path)) }));
  return [...listed, ...others];
}

function listedPages(list: string): { path: string; purpose: string; section: string }[] {
  let section = "";
  return list.split("\n").flatMap((line) => {
    if (line.startsWith("## ")) section = line.slice("## ".length);
    const { link, purpose } = ROW.exec(line)?.groups ?? {};
    return link === undefined || purpose === undefined ? [] : [{ path: `docs/${link}`, purpose, section }];
  });
}

function pageOf(path: string, content: string): Pick<DocumentPage, "path" | "title" | "text"> {
  const [first = "", ...rest] = content.split("\n");
  if (!first.startsWith("# ")) throw new Error(`${path} does not begin with its title`);
  return { path, title: first.slice("# ".length), text: rest.join("\n").trim() };
}
