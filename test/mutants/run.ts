import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** What is mutated together, and the tests that have to notice it. */
const ROOMS: Readonly<Record<string, { readonly sources: readonly string[]; readonly tests: readonly string[] }>> = {
  audio: { sources: ["src/audio/*.ts"], tests: ["test/audio"] },
  session: { sources: ["src/session/*.ts"], tests: ["test/session"] },
  tracks: {
    sources: ["track", "part", "speakers", "speaker-stream", "track-events"].map((name) => `src/recording/${name}.ts`),
    tests: ["test/recording"],
  },
  hearing: {
    sources: ["receive", "decrypt", "first-packets", "speakers", "hearing", "arrivals"].map(
      (name) => `src/discord/${name}.ts`,
    ),
    tests: ["test/discord"],
  },
};

const [name = "", ...options] = process.argv.slice(2);
const room = ROOMS[name];
if (room === undefined) {
  process.stderr.write(
    `usage: npm run mutants -- ROOM [Stryker's options]; ROOM is ${Object.keys(ROOMS).join(", ")}\n`,
  );
  process.exit(1);
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const { status } = spawnSync(
  process.execPath,
  [
    "node_modules/@stryker-mutator/core/bin/stryker.js",
    ...["run", "test/mutants/stryker.config.json"],
    // Options that follow win: `--mutate src/audio/rtp.ts` looks at one file.
    ...["--mutate", room.sources.join(","), ...options],
  ],
  { cwd: root, stdio: "inherit", env: { ...process.env, MUTANT_TESTS: room.tests.join(",") } },
);
process.exit(status ?? 1);
