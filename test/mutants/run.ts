import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ROOMS } from "./rooms.ts";

const [name = "", ...options] = process.argv.slice(2);
const room = ROOMS[name];
if (room === undefined) {
  process.stderr.write(
    "usage: npm run mutants -- ROOM [FILE...] [Stryker's options], for example: tracks part talkspurts --concurrency 1\n" +
      `ROOM is ${Object.keys(ROOMS).join(", ")}; FILE is one of its files, without .ts\n`,
  );
  process.exit(1);
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const firstOption = options.findIndex((option) => option.startsWith("-"));
const chosen = options.slice(0, firstOption === -1 ? options.length : firstOption);
const files = chosen.length > 0 ? chosen : (room.files ?? ["*"]);
const sources = files.map((file) => `src/${room.folder}/${file}.ts`);
const tests = [...files, ...(room.alsoTests ?? [])].map((file) => `test/${room.folder}/${file}.test.ts`);
const strangers = [...sources, ...tests].filter((path) => !path.includes("*") && !existsSync(`${root}${path}`));
if (strangers.length > 0) {
  process.stderr.write(`There is no ${strangers.join(" and no ")}.\n`);
  process.exit(1);
}

const { status } = spawnSync(
  process.execPath,
  [
    "node_modules/@stryker-mutator/core/bin/stryker.js",
    ...["run", "test/mutants/stryker.config.json", "--mutate", sources.join(",")],
    ...options.slice(chosen.length),
  ],
  { cwd: root, stdio: "inherit", env: { ...process.env, MUTANT_TESTS: tests.join(",") } },
);
process.exit(status ?? 1);
