import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Recordings } from "../../../src/service/ports/recordings.ts";
import { EndMessages, type OneMessage, type SendResult } from "../../../src/service/resident/end-messages.ts";
import { SharedLinks } from "../../../src/service/shared-link/shared-links.ts";
import { linkKeys } from "../../../src/service/shared-link/token.ts";
import { openSqliteStore } from "../../../src/service/store/sql-store.ts";
import { silentLog } from "../../support/silent-log.ts";
import { AT, FINALIZED, failedStatus, statusEvent } from "../support/job-rows.ts";
import { answerOf, callToAdd, claimJob, envelope, jobId, newJob, withKey } from "../support/store-rows.ts";

const MANIFEST = JSON.parse(readFileSync("docs/reference/examples/manifest.json", "utf8"));

/** A call that is over, and a Discord that answers as the test says. */
async function endedCall({ isRecorded = true } = {}) {
  const store = await withKey(await openSqliteStore(":memory:"));
  onTestFinished(() => store.close());
  await store.createJob(newJob(1), { at: AT, answerOf, call: callToAdd() });
  await claimJob(store, 1, 1);
  if (isRecorded) {
    for (const status of ["recording", "finalizing", "completed"] as const) {
      await store.ingest("token_1_1", envelope(1, statusEvent(status)), AT);
    }
    await store.ingest("token_1_1", envelope(1, FINALIZED), AT);
  } else await store.ingest("token_1_1", envelope(1, failedStatus("host_denied_admission")), AT);
  await store.applyJobEvent(jobId(1), {
    type: "worker_gone",
    at: AT,
    attempt: 1,
    how: "exit code 0",
    remains: "nothing",
  });
  let now = AT;
  const clock = { now: () => now };
  const keys = linkKeys([randomBytes(32)]);
  const links = new SharedLinks({ store, keys, clock, random: randomBytes, publicUrl: () => "https://b.example" });
  const sent: (OneMessage & { readonly to: string })[] = [];
  let answer: (to: string) => Promise<SendResult> = async (to) => ({ kind: "sent", messageId: `to ${to}` });
  const send = async (to: string, message: OneMessage): Promise<SendResult> => {
    sent.push({ ...message, to });
    return await answer(to);
  };
  const recordings: Pick<Recordings, "open"> = { open: async () => ({ manifest: MANIFEST, files: [] }) };
  const messenger = {
    toUser: (id: string, message: OneMessage) => send(`user ${id}`, message),
    toChannel: (id: string, message: OneMessage) => send(`channel ${id}`, message),
  };
  const start = () => new EndMessages({ store, links, recordings, messenger, clock, log: silentLog });
  return {
    ...{ store, links, sent, start },
    answers: (next: typeof answer) => {
      answer = next;
    },
    pass: (ms: number) => {
      now += ms;
    },
    states: async () => (await store.resident.endMessages(jobId(1))).map(({ target, state }) => [target, state]),
  };
}

describe("the messages at the end of a call", () => {
  it("go to the starter and the channel once, each with a link of its own", async () => {
    const { start, sent, links, states } = await endedCall();
    await start().tick();
    await start().tick();
    expect(sent.map(({ to }) => to)).toEqual(["channel 381870553235193858", "user 80351110224678912"]);
    expect(sent[0]?.content).toContain("listen and download it");
    expect(sent[1]?.content).toContain("listen, download and delete it");
    const urls = (await links.list({ jobId: jobId(1) })).map(({ url }) => url);
    expect(new Set(urls).size).toBe(2);
    for (const { content } of sent) expect(urls.some((url) => content.includes(`<${url}>`))).toBe(true);
    expect(await states()).toEqual([
      ["channel", "sent"],
      ["starter", "sent"],
    ]);
  });

  it("are repeated with the same nonce and the same link if nobody noted that they were sent", async () => {
    const { start, sent, store } = await endedCall();
    const real = store.resident.noteEndMessage.bind(store.resident);
    Object.assign(store.resident, { noteEndMessage: async () => undefined });
    await start().tick();
    Object.assign(store.resident, { noteEndMessage: real });
    await start().tick();
    const [first, second] = [sent.slice(0, 2), sent.slice(2)];
    expect(second).toEqual(first);
    expect(new Set(sent.map(({ nonce }) => nonce)).size).toBe(2);
    for (const { nonce } of sent) expect(nonce.length).toBeLessThanOrEqual(25);
  });

  it("wait while Discord cannot be reached, and are given up if nobody can be written to", async () => {
    const { start, sent, answers, pass, states } = await endedCall();
    answers(async (to) => (to.startsWith("user") ? { kind: "refused" } : { kind: "later", retryAfterMs: 5_000 }));
    await start().tick();
    expect(await states()).toEqual([
      ["channel", "waiting"],
      ["starter", "refused"],
    ]);
    pass(4_999);
    await start().tick();
    expect(sent).toHaveLength(2);
    pass(1);
    answers(async () => {
      throw new Error("a bug");
    });
    await start().tick();
    pass(30_000);
    answers(async () => ({ kind: "sent", messageId: "9" }));
    await start().tick();
    expect(await states()).toEqual([
      ["channel", "sent"],
      ["starter", "refused"],
    ]);
  });

  it("say why nothing was recorded, without a link", async () => {
    const { start, sent, links } = await endedCall({ isRecorded: false });
    await start().tick();
    expect(sent[0]?.content).toMatch(/^\*\*stand\\-up\*\* in <#\d+> was not recorded\. The reason: /);
    expect(await links.list({ jobId: jobId(1) })).toEqual([]);
  });
});
