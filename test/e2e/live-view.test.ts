import { existsSync } from "node:fs";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startLoopback } from "../../src/loopback/loopback.ts";
import { verifyRecording } from "../../src/recording/verify.ts";
import { type Manifest, manifestSchema } from "../../src/session/manifest.ts";
import { RecordingFolder } from "../../src/storage/recording-folder.ts";
import { missing } from "../support/audio-programs.ts";
import { WORKER_ARGUMENTS } from "../support/shipped-worker.ts";
import { ENDED, type TerminalOptions, TmuxTerminal } from "../support/tmux.ts";
import { person, toneCall } from "../support/tone-call.ts";

const noTerminal = missing("tmux");
const RECORD = [process.execPath, ...WORKER_ARGUMENTS, "record"].map((word) => `'${word}'`).join(" ");

const count = (screen: string, text: string): number => screen.split(text).length - 1;

/** Records a long call at a terminal until `use` has made it end, and gives what was stored of it. */
async function recordAtTerminal(
  use: (terminal: TmuxTerminal) => Promise<void>,
  { environment, ...options }: Partial<TerminalOptions> = {},
): Promise<Manifest> {
  const workDir = await mkdtemp(join(tmpdir(), "meetbot-test-"));
  const fixture = toneCall([{ user: person(1), speaksFromMs: 0, packetCount: 3_000 }]);
  const loopback = await startLoopback({ fixture, workDir });
  const terminal = await TmuxTerminal.open({
    columns: 80,
    rows: 30,
    command: RECORD,
    environment: {
      MEETBOT_STORAGE_URI: `file:${join(workDir, "recordings")}`,
      MEETBOT_SPOOL_DIR: join(workDir, "spool"),
      MEETBOT_JOB_ID: "test",
      MEETBOT_NOTICE: "off",
      ...loopback.environment,
      ...environment,
    },
    ...options,
  });
  const directory = join(workDir, "recordings", "test");
  try {
    await use(terminal);
    await expect.poll(() => existsSync(join(directory, "manifest.json")), { timeout: 30_000 }).toBe(true);
    expect((await verifyRecording(await RecordingFolder.open(directory))).faults).toEqual([]);
    return manifestSchema.parse(JSON.parse(await readFile(join(directory, "manifest.json"), "utf8")));
  } finally {
    await terminal.close();
    await loopback.close();
  }
}

describe.skipIf(noTerminal)(`at a terminal${noTerminal ? ` (${noTerminal})` : ""}`, () => {
  it("shows the call, pauses and resumes it with p, and leaves with q", async () => {
    const manifest = await recordAtTerminal(async (terminal) => {
      const screen = await terminal.until((text) => text.includes("● ━"));
      expect(screen).toContain("1 here");
      expect(screen).toContain("state: recording");
      await terminal.type("p");
      await terminal.until((text) => text.includes("p resume") && text.includes("PAUSED"));
      await terminal.type("p");
      await terminal.until((text) => text.includes("p pause"));
      await terminal.type("q");
      await terminal.until((text) => text.includes(`${ENDED} 0`));
    });
    expect(manifest).toMatchObject({ exitReason: "leave_requested", failureCode: null });
    expect(manifest.gaps).toMatchObject([{ reason: "paused" }]);
  });

  it("finishes the files on Ctrl-C, and says so", async () => {
    const manifest = await recordAtTerminal(async (terminal) => {
      await terminal.until((text) => text.includes("● "));
      await terminal.type("C-c");
      const screen = await terminal.until((text) => text.includes(`${ENDED} 0`));
      expect(screen).toContain("SIGINT: leaving the channel and finishing the files");
      // As the program was started, or as npm was that runs the tests.
      expect(screen).toMatch(/to see and hear it: (npm start --|\S+ dist\/cli\/main\.js) report \//);
      expect(screen).not.toContain("1 here");
    });
    expect(manifest).toMatchObject({ exitReason: "shutdown", failureCode: null });
  });

  it("redraws if the window becomes narrower, shorter and large again, and leaves no old lines", async () => {
    await recordAtTerminal(
      async (terminal) => {
        const isWhole = (text: string): boolean =>
          ["─── rec", "1 here", "packets:", "leaves", "p pause"].every((line) => count(text, line) === 1);
        await terminal.until(isWhole);
        await terminal.resize(30, 40);
        await terminal.until((text) => isWhole(text) && text.includes("uploads: 0 waiting"));
        await terminal.resize(30, 5);
        await terminal.until(
          (text) => !text.includes("packets:") && text.includes("1 here") && text.includes("p pause"),
        );
        await terminal.resize(100, 40);
        await terminal.until((text) => isWhole(text) && text.includes("stored"));
        await terminal.type("q");
        await terminal.until((text) => text.includes(`${ENDED} 0`));
      },
      // So that nothing but the view is on the screen.
      { environment: { MEETBOT_LOG_LEVEL: "error" } },
    );
  });

  it("leaves no copies of itself in the scrollback when a full window shrinks and grows", async () => {
    await recordAtTerminal(
      async (terminal) => {
        await terminal.until((text) => text.includes("● ") && text.includes("participant speaks"));
        await terminal.resize(60, 6);
        await terminal.until((text) => text.includes("p pause") && !text.includes("uploads:"));
        await terminal.resize(40, 4);
        await terminal.until((text) => text.includes("p pause") && !text.includes("packets:"));
        await terminal.resize(100, 30);
        const screen = await terminal.until((text) => text.includes("uploads:") && text.includes("participant speaks"));
        for (const line of ["─── rec", "1 here", "packets:", "p pause"]) expect(count(screen, line), line).toBe(1);
        await terminal.type("q");
        await terminal.until((text) => text.includes(`${ENDED} 0`));
      },
      { columns: 80, rows: 12 },
    );
  });

  it("leaves none in the scrollback either if the log writes while the window is small", async () => {
    await recordAtTerminal(
      async (terminal) => {
        await terminal.until((text) => text.includes("● ") && text.includes("participant speaks"));
        await terminal.resize(60, 4);
        await terminal.until((text) => text.includes("p pause") && !text.includes("packets:"));
        await terminal.type("p");
        await terminal.until((text) => text.includes("p resume"));
        await terminal.resize(60, 5);
        await terminal.type("p");
        await terminal.until((text) => text.includes("p pause"));
        await terminal.resize(100, 30);
        const isWhole = (text: string): boolean => text.includes("uploads:") && text.includes("participant speaks");
        const screen = await terminal.until(isWhole);
        for (const line of ["─── rec", "1 here", "packets:", "p pause", "recording, paused", "recording, resumed"]) {
          expect(count(screen, line), line).toBe(1);
        }
        expect(screen).not.toContain("PAUSED");
        await terminal.type("q");
        await terminal.until((text) => text.includes(`${ENDED} 0`));
      },
      { columns: 80, rows: 12 },
    );
  });

  it("draws in ASCII if the locale has no UTF-8", async () => {
    await recordAtTerminal(
      async (terminal) => {
        const screen = await terminal.until((text) => text.includes("* ##"));
        expect(screen).toContain("--- recording");
        await terminal.type("q");
        await terminal.until((text) => text.includes(`${ENDED} 0`));
      },
      { environment: { LC_ALL: "C" } },
    );
  });

  it.each([
    ["with --no-view", `${RECORD} --no-view`],
    ["on a terminal that cannot move its cursor", `TERM=dumb ${RECORD}`],
  ])("writes only log lines %s, continues at Ctrl-Z, and finishes on Ctrl-C", async (_, command) => {
    await recordAtTerminal(
      async (terminal) => {
        await terminal.until((text) => text.includes("participant speaks"));
        await terminal.type("C-z");
        const screen = await terminal.until((text) => text.includes("a call cannot be suspended"));
        expect(screen).not.toContain("1 here");
        await terminal.type("C-c");
        await terminal.until((text) => text.includes(`${ENDED} 0`));
      },
      { command },
    );
  });

  it("writes only log lines as a background job of a shell, and finishes when interrupted", async () => {
    await recordAtTerminal(
      async (terminal) => {
        await terminal.type(`${RECORD} &`, "Enter");
        const screen = await terminal.until((text) => text.includes("participant speaks"));
        expect(screen).not.toContain("1 here");
        expect(screen).not.toContain("Stopped");
        await terminal.type("kill -INT %1", "Enter");
        await terminal.until((text) => text.includes("leaving the channel and finishing the files"));
      },
      // Wide enough for a log line behind the shell's prompt.
      { command: "bash --norc --noprofile -i", columns: 160 },
    );
  });

  it("finishes the files when its terminal is closed", async () => {
    const manifest = await recordAtTerminal(async (terminal) => {
      await terminal.until((text) => text.includes("● "));
      await terminal.close();
    });
    expect(manifest).toMatchObject({ exitReason: "shutdown", exitDetail: expect.stringContaining("SIGHUP") });
  });
});
