import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { PACKAGE_ROOT } from "../../package/root.ts";
import { pathFrom, quoted } from "../../text/shell-words.ts";

/** The oldest version that the worker supports, as in `engines` of package.json. */
const LEAST_NODE_MAJOR = 24;

/** Where `npm ci` installs the Node for the source. */
const OWN_NODE = fileURLToPath(new URL("node_modules/node/bin/node", PACKAGE_ROOT));

/**
 * Old versions of Node run this: use only plain syntax, and only what Node 18 has.
 *
 * @param version of Node, without the leading v
 * @param words the program's path and its arguments
 * @returns one sentence with the problem of this Node and what to do; undefined if it can be used
 */
export function nodeProblem(version: string, words: readonly string[], ownNode = OWN_NODE): string | undefined {
  if (Number(version.split(".")[0]) >= LEAST_NODE_MAJOR) return undefined;
  const [program = "", ...args] = words;
  const command = [ownNode, program].map((path) => pathFrom(process.cwd(), path));
  const instead = existsSync(ownNode) ? `, or run this instead: ${[...command, ...args].map(quoted).join(" ")}` : "";
  return `this is Node ${version}, but Node ${LEAST_NODE_MAJOR} or newer is needed; install it from https://nodejs.org${instead}`;
}
