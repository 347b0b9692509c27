import { realpathSync } from "node:fs";
import { basename, delimiter, dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { PACKAGE_ROOT } from "./package/root.ts";
import { pathFrom, quoted } from "./text/shell-words.ts";

const NAME = "meetbot-discord";
const ROOT = fileURLToPath(PACKAGE_ROOT).replace(/[\\/]$/, "");

/** How a process was started. */
export interface Start {
  /** The path of Node: `process.execPath`. That of the program is `process.argv[1]`. */
  readonly execPath: string;
  readonly programPath: string;
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The folder of our package.json. */
  readonly root?: string;
}

/**
 * The words before a command's name that start this program again from the same folder: `npm start --` if npm ran one
 * of our scripts, `meetbot-discord` or `npx meetbot-discord` if that finds it, else Node with the program's path.
 */
export function invocationOf({ execPath, programPath, cwd, environment, root = ROOT }: Start): string {
  const typedIn = environment.INIT_CWD ?? cwd;
  if (environment.npm_lifecycle_event !== "npx" && same(environment.npm_package_json, join(root, "package.json"))) {
    return isInside(typedIn, root) ? "npm start --" : `npm --prefix ${quoted(root)} start --`;
  }
  const folders = (environment.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const isOfNpm = (folder: string): boolean =>
    environment.npm_execpath !== undefined && folder.endsWith(join("node_modules", ".bin"));
  const installed = (folder: string): boolean => same(join(folder, NAME), programPath);
  const found = firstWith(
    folders.filter((folder) => !isOfNpm(folder)),
    NAME,
  );
  if (found !== undefined && installed(found)) return NAME;
  if (folders.some((folder) => isOfNpm(folder) && installed(folder) && isInside(typedIn, dirname(dirname(folder))))) {
    return `npx ${NAME}`;
  }
  const path = quoted(withSlash(pathFrom(cwd, programPath)));
  // Through a link of this name, its first line finds Node.
  if (basename(programPath) === NAME) return path;
  const nodeFolder = firstWith(
    folders.filter((folder) => !isOfNpm(folder)),
    "node",
  );
  const node = nodeFolder !== undefined && same(join(nodeFolder, "node"), execPath) ? "node" : pathFrom(cwd, execPath);
  return `${quoted(node)} ${path}`;
}

/** The shell command that runs a command of this program, with quotes where needed. */
export function typed(...words: readonly string[]): string {
  return [invocation(), ...words.map(quoted)].join(" ");
}

/** The words before a command's name; see `invocationOf`. */
export function invocation(): string {
  const { execPath, env: environment } = process;
  return invocationOf({ execPath, programPath: process.argv[1] ?? NAME, cwd: process.cwd(), environment });
}

/** A shell looks for a word without a slash in its PATH. */
function withSlash(path: string): string {
  return path.includes(sep) ? path : `.${sep}${path}`;
}

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}${sep}`);
}

/** The first of these folders that holds a file of this name. */
function firstWith(folders: readonly string[], name: string): string | undefined {
  return folders.find((folder) => real(join(folder, name)) !== undefined);
}

function same(one: string | undefined, other: string): boolean {
  const path = one === undefined ? undefined : real(one);
  return path !== undefined && path === real(other);
}

/** The path with links resolved; undefined if it does not exist. */
function real(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    // Missing or unreadable, so a shell would not find it either.
    return undefined;
  }
}
