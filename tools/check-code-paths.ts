import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

/**
 * Looks for paths such as `src/audio/rtp.ts` in the documents, and fails if a file or folder is not there. Links are
 * remark's business; these are words in code style, which it does not check.
 */
const ROOT = new URL("../", import.meta.url);
/** In backticks, from the project's root; a `*` or `…` in it names several files and is not checked. */
const PATH = /`((?:src|test|tools|config|docs|\.ci)\/[\w./-]*\w\/?)`/g;
/** It records what was true at the time of a release. */
const HISTORY = "CHANGELOG.md";

const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], {
  cwd: ROOT,
  encoding: "utf8",
});
const documents = listed
  .split("\n")
  .filter((name) => name !== "" && name !== HISTORY && existsSync(new URL(name, ROOT)));
const missing = documents.flatMap((document) => {
  const lines = readFileSync(new URL(document, ROOT), "utf8").split("\n");
  return lines.flatMap((line, index) =>
    [...line.matchAll(PATH)]
      .flatMap(([, path]) => path ?? [])
      .filter((path) => !existsSync(new URL(path, ROOT)))
      .map((path) => `${document}:${index + 1}: ${path} does not exist`),
  );
});
for (const fault of missing) process.stderr.write(`${fault}\n`);
if (missing.length > 0) process.exitCode = 1;
