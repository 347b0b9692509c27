import { type DocumentPage, documentPages } from "./pages.ts";

/**
 * `llms.txt` and `llms-full.txt` for language models, in the form of llmstxt.org: a title, a summary, and lists of links;
 * and the text of all pages. They are made when the package is built, so they are never older than `docs/`.
 */

const TITLE = "meetbot-discord";

/** A reader with little room leaves out this section (llmstxt.org, "Format"). */
const OPTIONAL = "Optional";

/** The section of `docs/README.md` for people who change the code. */
const FOR_DEVELOPERS = "You change the code";

const ABOUT = [
  "Links are relative to the address of a job service, which answers them without a login, or to the folder of the npm",
  "package. The service has this list at `/llms.txt`, all pages in one text at `/llms-full.txt`, and its OpenAPI document at",
  "`/openapi.json`.",
  "`meetbot-discord skill` writes a skill for agents that use the command line.",
].join("\n");

/** @param summary what the software does, in a sentence */
export function llmsText(root: URL, summary: string): string {
  const pages = documentPages(root).filter(({ section }) => section !== undefined);
  const sections = Map.groupBy(pages, ({ section }) => (section === FOR_DEVELOPERS ? OPTIONAL : section));
  const lists = [...sections].map(([heading, listed]) => [`## ${heading}`, listed.map(linkTo).join("\n")].join("\n\n"));
  return `${[`# ${TITLE}`, `> ${summary}`, ABOUT, ...lists].join("\n\n")}\n`;
}

/** Each page has one heading of the second level, and under it a line that names its source. */
export function llmsFullText(root: URL, summary: string): string {
  const pages = documentPages(root).map(
    ({ title, path, text }) => `## ${title}\n\nSource: ${path}\n\n${withLowerHeadings(text)}`,
  );
  const about = "All pages of the documentation. Links in a page are relative to its source.";
  return `${[`# ${TITLE}: all pages`, `> ${summary}`, about, ...pages].join("\n\n")}\n`;
}

function linkTo({ title, path, purpose }: DocumentPage): string {
  return `- [${title}](${path})${purpose === "" ? "" : `: ${purpose}`}`;
}

/** Headings one level lower. Lines in a block of code stay as they are. */
function withLowerHeadings(text: string): string {
  let isCode = false;
  return text
    .split("\n")
    .map((line) => {
      if (/^\s*(?:```|~~~)/.test(line)) isCode = !isCode;
      return !isCode && /^#{1,5} /.test(line) ? `#${line}` : line;
    })
    .join("\n");
}
