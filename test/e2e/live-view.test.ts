import { spawn } from "node:child_process";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startLoopback } from "../../src/loopback/loopback.ts";
import { verifyRecording } from "../../src/recording/verify.ts";
import { manifestSchema } from "../../src/session/manifest.ts";
import { RecordingFolder } from "../../src/storage/recording-folder.ts";
import { missing } from "../support/programs.ts";
import { WORKER_ARGUMENTS } from "../support/shipped.ts";
import { person, toneCall } from "../support/tone-call.ts";

const noPseudoTerminal = missing("script");
const COLUMNS = 40;

/** Runs the worker under a pseudo terminal of its own. */
function atTerminal(args: readonly string[], environment: Readonly<Record<string, string>>) {
  const command = [process.execPath, ...WORKER_ARGUMENTS, ...args].map((word) => `'${word}'`).join(" ");
  const child = spawn("script", ["-qec", `stty cols ${COLUMNS} rows 24; exec ${command}`, "/dev/null"], {
    env: { PATH: process.env.PATH, TERM: "xterm", SHELL: "/bin/sh", ...environment },
  });
  let screen = "";
  let seen = 0;
  let wake = (): void => undefined;
  child.stdout.on("data", (chunk: Buffer) => {
    screen += chunk.toString("utf8");
    wake();
  });
  const exitCode = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      resolve(code);
      wake();
    });
  });
  return {
    exitCode,
    type: (keys: string) => child.stdin.write(keys),
    screen: () => screen,
    /** Resolves when the screen shows the text after what was waited for last. */
    until: async (text: string): Promise<void> => {
      while (screen.indexOf(text, seen) < 0) {
        if (child.exitCode !== null) throw new Error(`the worker ended before "${text}" was seen:\n${screen}`);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      seen = screen.indexOf(text, seen) + text.length;
    },
  };
}

/** Records a long call at a terminal, and gives what was stored of it. */
async function recordAtTerminal(use: (worker: ReturnType<typeof atTerminal>) => Promise<void>) {
  const workDir = await mkdtemp(join(tmpdir(), "meetbot-test-"));
  const fixture = toneCall([{ user: person(1), speaksFromMs: 0, packetCount: 3_000 }]);
  const loopback = await startLoopback({ fixture, workDir });
  try {
    const worker = atTerminal(["record"], {
      MEETBOT_STORAGE_URI: `file:${join(workDir, "recordings")}`,
      MEETBOT_SPOOL_DIR: join(workDir, "spool"),
      MEETBOT_JOB_ID: "test",
      MEETBOT_NOTICE: "off",
      ...loopback.environment,
    });
    await use(worker);
    expect(await worker.exitCode, worker.screen()).toBe(0);
    const directory = join(workDir, "recordings", "test");
    expect((await verifyRecording(await RecordingFolder.open(directory))).faults).toEqual([]);
    const manifest = manifestSchema.parse(JSON.parse(await readFile(join(directory, "manifest.json"), "utf8")));
    return { manifest, screen: worker.screen() };
  } finally {
    await loopback.close();
  }
}

describe.skipIf(noPseudoTerminal)(`at a terminal${noPseudoTerminal ? ` (${noPseudoTerminal})` : ""}`, () => {
  it("shows the call, pauses it and goes on with p, and leaves with q", async () => {
    const { manifest, screen } = await recordAtTerminal(async (worker) => {
      await worker.until("● ━");
      worker.type("p");
      await worker.until("p resume");
      worker.type("p");
      await worker.until("p pause");
      worker.type("q");
    });
    expect(screen).toContain("1 here");
    expect(screen).toContain("state: recording");
    expect(manifest).toMatchObject({ exitReason: "leave_requested", failureCode: null });
    expect(manifest.gaps).toMatchObject([{ reason: "paused" }]);
  });

  it("finishes the files on Ctrl-C, and says so", async () => {
    const { manifest, screen } = await recordAtTerminal(async (worker) => {
      await worker.until("● ");
      worker.type("\x03");
    });
    expect(screen).toContain("SIGINT: leaving the channel and finishing the files");
    expect(manifest).toMatchObject({ exitReason: "shutdown", failureCode: null });
  });
});
