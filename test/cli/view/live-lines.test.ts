import { expect, test } from "vitest";
import { renderLive } from "../../../src/cli/view/live-lines.ts";
import type { LiveStatus } from "../../../src/cli/view/live-view.ts";
import { columnsOf } from "../../../src/cli/view/text-width.ts";
import { status } from "../../support/live-status.ts";

const lines = (shown: LiveStatus, columns = 100, rows = 50) =>
  renderLive(shown, { speaking: new Set(["0"]), recent: new Set(["0"]), levels: undefined }, { columns, rows });

test("State, time, packets, bytes and uploads are shown.", () => {
  expect(lines(status())).toEqual([
    "─── recording  1:05  job_1",
    "1 here",
    "  ● Ada",
    "packets: 100 written, 0 lost, 3 dropped",
    "disk: 2.5 MB; uploads: 2 waiting (1.5 MB), 4 stored",
    "p pause, q leave, Ctrl-C stop",
  ]);
});

test("Hours are shown only in calls of at least one hour.", () => {
  expect(lines(status({ recordedMs: 3_599_999 }))[0]).toContain(" 59:59 ");
  expect(lines(status({ recordedMs: 3_723_000 }))[0]).toContain(" 1:02:03 ");
});

test("People who left are hidden, and only those who speak are marked.", () => {
  const shown = status({}, ["Ada", "Grace", "Alan"]);
  shown.record.people.leave("2", 10);
  expect(lines(shown).slice(1, 4)).toEqual(["2 here", "  ● Ada", "  · Grace"]);
});

test("Only those who speak have a level before their name.", () => {
  const shown = status({}, ["Ada", "Grace", "Alan"]);
  const levels = new Map([
    ["0", -29],
    ["1", -10],
    ["2", 3],
  ]);
  const speaking = new Set(["0", "2"]);
  const [, , ...people] = renderLive(shown, { speaking, recent: speaking, levels }, { columns: 100, rows: 50 });
  expect(people.slice(0, 3)).toEqual(["  ● ━━━━━─── Ada", "  ·          Grace", "  ● ━━━━━━━━ Alan"]);
});

test("People who must not be recorded are marked after their name.", () => {
  const shown = status({}, ["Ada", "Grace", "Music"]);
  shown.record.consents.mode = "opt-in";
  shown.record.consents.answer("0", true, 10);
  expect(lines(shown).slice(2, 5)).toEqual(["  ● Ada", "  · Grace (not recorded)", "  · Music (not recorded)"]);
  shown.record.consents.answer("0", false, 20);
  expect(lines(shown)[2]).toContain("Ada (not recorded)");
});

test("The rule that will fire first is shown with its time and its condition.", () => {
  const countdown = { exitReason: "silence_timeout", remainingMs: 58_400, sinceMs: 0, thresholdMs: 60_000 } as const;
  const later = { ...countdown, exitReason: "max_duration", remainingMs: 90_000 } as const;
  expect(lines(status({ countdowns: [countdown, later] }))).toContain("leaves in 0:59: nobody speaks");
  const held = { ...countdown, waitingFor: "unheard" } as const;
  expect(lines(status({ countdowns: [held] }))).toContain(
    "leaves in 0:59: nobody speaks (waits: what people say cannot be heard)",
  );
});

test("A paused recording says so, and how to resume it.", () => {
  const shown = lines(status({ state: { status: "recording", paused: true } }));
  expect(shown[0]).toMatch(/^─── PAUSED/);
  expect(shown.at(-1)).toContain("p resume");
});

test("After Ctrl-C it says that files are being finished, and what a second Ctrl-C does.", () => {
  const end = { exitReason: "shutdown", detail: "test" } as const;
  const shown = lines(status({ state: { status: "finalizing", end, recorded: true } }));
  expect(shown[0]).toMatch(/^─── finishing: The recorder was shut down\./);
  expect(shown).toContain("disk: 2.5 MB; uploads: 2 waiting (1.5 MB), 4 stored");
  expect(shown.at(-1)).toBe("Ctrl-C stops at once; the rest stays in the spool");
});

test("A stranger's name neither controls the terminal nor fills it.", () => {
  const [, , first, second] = lines(status({}, ["\x1b[2J\u202eevil\n\u2028x", "W".repeat(500)]));
  expect(first).toBe("  ● �[2J�evil��x");
  expect(second).toBe(`  · ${"W".repeat(39)}…`);
});

test("People who do not fit are counted, and no line is wider than the terminal.", () => {
  const shown = lines(
    status(
      {},
      Array.from({ length: 30 }, (_, index) => `Somebody with number ${index}`),
    ),
    20,
    15,
  );
  expect(shown).toContain("  and 21 more");
  expect(shown.every((line) => columnsOf(line) <= 20)).toBe(true);
});

test.each([
  [12, ["state", "3 here", "Ada", "Grace", "Alan", "packets", "disk", "leaves", "p pause"]],
  [8, ["state", "3 here", "Ada", "and 2 more", "packets", "disk", "leaves", "p pause"]],
  [6, ["state", "3 here", "packets", "disk", "leaves", "p pause"]],
  [4, ["state", "3 here", "leaves", "p pause"]],
  [3, ["state", "leaves", "p pause"]],
  [1, ["state"]],
])("With %i rows it shows what fits, and leaves out the keys last.", (rows, expected) => {
  const countdown = { exitReason: "silence_timeout", remainingMs: 58_400, sinceMs: 0, thresholdMs: 60_000 } as const;
  const shown = lines(status({ countdowns: [countdown] }, ["Ada", "Grace", "Alan"]), 100, rows);
  expect(shown).toHaveLength(expected.length);
  for (const [index, text] of expected.entries()) expect(shown[index]).toContain(text === "state" ? "recording" : text);
});

test("The view names the call once it is joined, and until then the job.", () => {
  const shown = status();
  expect(lines(shown)[0]).toBe("─── recording  1:05  job_1");
  const place = { guildId: "1", guildName: "Ac\u001b[2Jme", channelId: "2", channelName: "Stand-up", selfId: "3" };
  shown.record.recordingStart = { startedAt: new Date(0), place };
  expect(lines(shown)[0]).toBe("─── recording  1:05  Stand-up in Ac�[2Jme");
  expect(lines(shown, 36)[0]).toBe("─── recording  1:05  Stand-up");
  expect(lines(shown, 26)[0]).toBe("─── recording  1:05  Stan…");
  expect(lines(shown, 22)[0]).toBe("─── recording  1:05");
  shown.record.see({ type: "moved", atMs: 1_000, channelId: "4", channelName: "Elsewhere\u0007" });
  expect(lines(shown)[0]).toBe("─── recording  1:05  Elsewhere� in Ac�[2Jme");
});

test("If not everyone fits, the latest speakers are shown first; with enough rows everyone is shown.", () => {
  const names = Array.from({ length: 25 }, (_, index) => `P${index}`);
  const shown = status({}, names);
  const heard = { speaking: new Set(["22"]), recent: new Set(["22", "17"]), levels: undefined };
  const small = renderLive(shown, heard, { columns: 80, rows: 12 });
  expect(small.slice(1, 8)).toEqual(["25 here", "  ● P22", "  · P17", "  · P0", "  · P1", "  · P2", "  · P3"]);
  expect(small).toContain("  and 19 more");
  const large = renderLive(shown, heard, { columns: 80, rows: 50 });
  expect(large.filter((line) => /P\d/.test(line))).toHaveLength(25);
  expect(large.slice(1, 3)).toEqual(["25 here", "  · P0"]);
});

test("In a tall window, some rows are left for the log.", () => {
  const names = Array.from({ length: 80 }, (_, index) => `P${index}`);
  expect(lines(status({}, names), 80, 40)).toHaveLength(35);
});

test("A narrow window drops the figures before the time to leave, the keys, and who is not recorded.", () => {
  const countdown = {
    ...({ exitReason: "nobody_joined", waitingFor: "gateway_lost" } as const),
    ...{ remainingMs: 295_000, sinceMs: 0, thresholdMs: 300_000 },
  };
  const shown = status({ countdowns: [countdown] }, ["Grace Hopper of the Navy"]);
  shown.record.consents.mode = "opt-in";
  const levels = new Map([["0", -29]]);
  const heard = { speaking: new Set(["0"]), recent: new Set(["0"]), levels };
  expect(renderLive(shown, heard, { columns: 30, rows: 24 })).toEqual([
    "─── recording  1:05  job_1",
    "1 here",
    "  ● Grace Hopp… (not recorded)",
    "packets: 0 lost, 3 dropped",
    "uploads: 2 waiting",
    "leaves in 4:55",
    "p pause, q leave, Ctrl-C stop",
  ]);
});

test("Joined emoji and wide letters are shown whole, and the line's width counts them correctly.", () => {
  const family = "👩‍👩‍👧‍👦";
  const [, , joined, wide] = lines(status({}, [family, "健".repeat(30)]), 30);
  expect(joined).toBe(`  ● ${family}`);
  expect(columnsOf(joined ?? "")).toBe(6);
  expect(wide).toBe(`  · ${"健".repeat(12)}…`);
});
