import { expect, test } from "vitest";
import { columnsOf } from "../../../src/cli/view/text-width.ts";
import { renderWatched, type WatchedJob } from "../../../src/cli/view/watch-lines.ts";
import type { LiveJob } from "../../../src/sdk/types.ts";
import { liveJob, participant, watchedJob } from "../../support/watched-job.ts";

const lines = (job: WatchedJob, columns = 100, rows = 50) => renderWatched(job, { columns, rows });

const COUNTDOWN = {
  ...({ exitReason: "silence_timeout", remainingSeconds: 58.4, thresholdSeconds: 60, waitsFor: null } as const),
};

test("Server, channel, state, time, people, uploads and the key are shown.", () => {
  expect(lines(watchedJob())).toEqual([
    "─── recording  1:05  Stand-up in Acme",
    "1 here",
    "  ● Ada",
    "uploads: 2 waiting (1.5 MB), 4 stored",
    "Ctrl-C stops watching; the bot stays in the call",
  ]);
});

test("Between two messages of the worker, its time and its countdown continue; a countdown that waits does not.", () => {
  const live = liveJob({ autoLeave: [COUNTDOWN] });
  const shown = lines(watchedJob({ live, liveAgeMs: 10_000 }));
  expect(shown[0]).toContain(" 1:15 ");
  expect(shown).toContain("leaves in 0:49: nobody speaks");
  expect(lines(watchedJob({ live, liveAgeMs: 99_000 }))).toContain("leaves in 0:00: nobody speaks");
  const waiting = liveJob({ autoLeave: [{ ...COUNTDOWN, waitsFor: "unheard" }] });
  expect(lines(watchedJob({ live: waiting, liveAgeMs: 10_000 }))).toContain(
    "leaves in 0:59: nobody speaks (waits: what people say cannot be heard)",
  );
});

test.each([
  [watchedJob({ isPaused: true }), "─── PAUSED  1:05"],
  [watchedJob({ live: liveJob({ connection: "reconnecting" }) }), "─── recording (reconnecting)  1:05"],
  [watchedJob({ status: "in_call", live: liveJob({ stopped: true }) }), "─── in call, recording stopped  1:05"],
  [
    watchedJob({ status: "finalizing", live: liveJob({ exitReason: "leave_requested" }), liveAgeMs: 9_000 }),
    "─── finishing: Somebody asked the bot to leave.  1:05",
  ],
  [watchedJob({ status: "joining", live: undefined }), "─── joining  job_1"],
  [watchedJob({ status: "scheduled", live: undefined, joinsInMs: 61_000 }), "─── scheduled, joins in 1:01  job_1"],
])("The first line says where the job is (%#)", (job, text) => {
  expect(lines(job)[0]).toContain(text);
});

test("People who left are hidden; who did not agree is marked; names cannot control the terminal.", () => {
  const participants = [
    participant("Ada", { speaking: true }),
    participant("Grace", { present: false }),
    participant("Alan", { consent: "declined" }),
    participant("Music", { bot: true, consent: "unanswered" }),
    participant("\u001b[2J\u202eevil\n"),
  ];
  expect(lines(watchedJob({ live: liveJob({ participants }) })).slice(1, 6)).toEqual([
    ...["4 here", "  ● Ada", "  · Alan (not recorded)", "  · Music (bot) (has not answered)", "  · �[2J�evil�"],
  ]);
});

test("A service that cannot be reached is said above the key.", () => {
  expect(lines(watchedJob({ isLost: true })).at(-2)).toBe("the service cannot be reached; trying again");
});

test.each([40, 20, 10])("At %i columns no line is wider than the terminal, and names are cut last.", (columns) => {
  const names = ["Grace Hopper of the Navy", "健".repeat(30), "👩‍👩‍👧‍👦"];
  const job = watchedJob({ live: liveJob({ autoLeave: [COUNTDOWN] }, names), isLost: true });
  const shown = lines(job, columns, 24);
  expect(shown.filter((line) => columnsOf(line) > columns)).toEqual([]);
  expect(shown).toContain("3 here");
  if (columns === 40) {
    expect(shown).toEqual([
      ...["─── recording  1:05  Stand-up in Acme", "3 here", "  ● Grace Hopper of the Navy"],
      ...[`  · ${"健".repeat(17)}…`, "  · 👩‍👩‍👧‍👦", "uploads: 2 waiting (1.5 MB), 4 stored"],
      ...["service not reached", "leaves in 0:59: nobody speaks", "Ctrl-C stops watching"],
    ]);
  }
});

test("With few rows people are counted, and the next rule and the key go last.", () => {
  const job = watchedJob({ live: liveJob({ autoLeave: [COUNTDOWN] }, ["Ada", "Grace", "Alan"]) });
  expect(lines(job, 100, 4)).toEqual([
    expect.stringContaining("recording"),
    ...["3 here", "leaves in 0:59: nobody speaks", "Ctrl-C stops watching; the bot stays in the call"],
  ]);
  expect(lines(job, 100, 1)).toHaveLength(1);
});

test("Words of a newer service are shown as they are.", () => {
  const newer = { ...COUNTDOWN, exitReason: "full_moon" } as unknown as typeof COUNTDOWN;
  expect(lines(watchedJob({ live: liveJob({ autoLeave: [newer] }) }))).toContain("leaves in 0:59: full_moon");
  const { guild: _, ...older } = liveJob();
  expect(lines(watchedJob({ live: older as LiveJob }))[0]).toBe("─── recording  1:05  Stand-up");
});
