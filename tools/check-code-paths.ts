import { existsSync, globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * Looks for paths such as `src/audio/rtp.ts` in the documents, and fails if a file or folder does not exist. remark checks
 * links; these are words in code style, which it does not check.
 */
const ROOT = new URL("../", import.meta.url);
/** In backticks, from the project's root. Not with a `*` or a `…` in it, which name several files. */
const PATH = /`((?:src|test|tools|config|docs|\.ci)\/[\w./-]*\w\/?)`/g;
/** It records what was true at the time of a release. */
const HISTORY = "CHANGELOG.md";

const documents = globSync(["*.md", "{docs,src,test}/**/*.md"], { cwd: fileURLToPath(ROOT) });
const missing = documents
  .filter((name) => name !== HISTORY)
  .sort()
  .flatMap((document) => {
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
