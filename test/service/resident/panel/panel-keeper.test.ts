import { describe, expect, it } from "vitest";
import type { JobRow } from "../../../../src/service/domain/job-row.ts";
import type { CallRow } from "../../../../src/service/ports/resident.ts";
import type { Answer } from "../../../../src/service/resident/commands/request.ts";
import { PanelKeeper } from "../../../../src/service/resident/panel/panel-keeper.ts";
import { silentLog } from "../../../support/silent-log.ts";
import { jobRow } from "../../support/job-rows.ts";

type Result = "edited" | "gone" | "refused" | "later";

/** One call with its panel, on a clock that the test moves. */
async function kept(more: Partial<JobRow> = {}) {
  let now = 100_000;
  let job: JobRow = { ...jobRow(), status: "queued", settingsJson: "{}", ...more };
  let call: CallRow = {
    ...{
      jobId: job.id,
      guildId: "1",
      voiceChannelId: "2",
      panelChannelId: "2",
      panelMessageId: "3",
      panelEndedAt: null,
    },
    ...{ startedBy: "4", title: null, origin: "command", ruleId: null, createdAt: 0 },
  };
  const edits: { readonly at: number; readonly messageId: string; readonly message: Answer }[] = [];
  const answers: Result[] = [];
  const posts: Answer[] = [];
  const planned = new Map<() => void, number>();
  let changed: (jobId: string) => void = () => undefined;
  const keeper = new PanelKeeper({
    store: {
      onJobChange: (listener) => {
        changed = listener;
        return () => undefined;
      },
      resident: {
        openCalls: async () => [{ call, job }],
        call: async () => ({ call, job }),
        guild: async () => undefined,
        setPanel: async (_jobId, { channelId, messageId }) => {
          call = { ...call, panelChannelId: channelId, panelMessageId: messageId };
          return true;
        },
        markPanelEnded: async (_jobId, at) => {
          call = { ...call, panelEndedAt: at };
        },
      },
    },
    messages: {
      post: async (channelId, message) => {
        posts.push(message);
        return { kind: "posted", channelId, messageId: "5" };
      },
      edit: async ({ messageId }, message) => {
        edits.push({ at: now, messageId, message });
        const kind = answers.shift() ?? "edited";
        return kind === "edited" || kind === "gone" ? { kind } : { kind, why: "because" };
      },
    },
    recordings: { open: async () => ({ manifest: {}, files: [] }) },
    ownBotId: job.botId,
    clock: { now: () => now },
    after: (delayMs, action) => {
      planned.set(action, now + delayMs);
      return () => planned.delete(action);
    },
    log: silentLog,
  });
  const pass = async (ms: number) => {
    now += ms;
    for (const [action, at] of [...planned]) {
      if (at > now) continue;
      planned.delete(action);
      action();
    }
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  };
  const change = (next: Partial<JobRow>) => {
    job = { ...job, ...next };
    changed(job.id);
  };
  await keeper.start();
  await pass(0);
  return { keeper, pass, change, edits, answers, posts, call: () => call, planned };
}

describe("a panel", () => {
  it("is edited at the start of the service, and once for all changes within 5 s", async () => {
    const { edits, change, pass } = await kept();
    expect(edits).toHaveLength(1);
    change({ status: "joining" });
    change({ status: "recording", startedAt: 100_000 });
    await pass(4_999);
    expect(edits).toHaveLength(1);
    await pass(1);
    expect(edits).toHaveLength(2);
    expect(edits[1]?.message.text).toContain("Recording");
    change({ updatedAt: 200_000 });
    await pass(60_000);
    expect(edits).toHaveLength(2);
  });

  it("shows the end, with a button for the recording, and is left alone then", async () => {
    const { edits, change, pass, call } = await kept({ status: "recording", startedAt: 1 });
    await pass(5_000);
    change({ status: "completed", manifestUri: "file:///manifest.json", durationSeconds: 65, endedAt: 2 });
    await pass(0);
    expect(edits.at(-1)?.message).toMatchObject({
      text: expect.stringContaining("1:05"),
      rows: [[{ id: expect.stringMatching(/^record:open:job_/) }]],
    });
    expect(call().panelEndedAt).not.toBeNull();
    change({ updatedAt: 3 });
    await pass(60_000);
    expect(edits).toHaveLength(2);
  });

  it("that was deleted is posted again while the call continues", async () => {
    const { answers, change, pass, posts, call, edits } = await kept();
    answers.push("gone");
    change({ status: "recording", startedAt: 1 });
    await pass(5_000);
    expect(posts).toHaveLength(1);
    expect(call().panelMessageId).toBe("5");
    change({ paused: true });
    await pass(5_000);
    expect(edits.at(-1)).toMatchObject({ messageId: "5", message: { text: expect.stringContaining("Paused") } });
  });

  it("is edited later if Discord does not answer, also at the end", async () => {
    const { answers, change, pass, edits, call } = await kept({ status: "recording", startedAt: 1 });
    answers.push("later");
    change({ status: "completed", manifestUri: "file:///manifest.json" });
    await pass(5_000);
    expect(call().panelEndedAt).toBeNull();
    await pass(15_000);
    expect(edits).toHaveLength(3);
    expect(call().panelEndedAt).not.toBeNull();
  });

  it("is left as it is when the service ends", async () => {
    const { keeper, change, pass, edits, planned } = await kept();
    change({ status: "joining" });
    await keeper.stop();
    expect(planned.size).toBe(0);
    await pass(60_000);
    expect(edits).toHaveLength(1);
  });
});
