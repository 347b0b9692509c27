import { afterEach, expect, it } from "vitest";
import { type FakeWorker, serviceApi, statusReport } from "../../support/service-api.ts";

const PAGE = { script: "", style: "" };
const OWN = { "sec-fetch-site": "same-origin" };

interface Sent {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read what they expect
  readonly data: any;
}

const open: AbortController[] = [];
afterEach(() => {
  for (const controller of open.splice(0)) controller.abort();
});

/** A page that is signed in, and reads its events. */
async function page() {
  const api = await serviceApi({ page: PAGE });
  const signIn = async (key: string): Promise<string> => {
    const { headers } = await api.ask("POST", "/page/session", { key: undefined, headers: OWN, body: { key } });
    return headers.get("set-cookie")?.split(";")[0] ?? "";
  };
  const watch = async (cookie: string) => {
    const controller = new AbortController();
    open.push(controller);
    const { body } = await fetch(`${api.address}/page/events`, {
      headers: { ...OWN, cookie },
      signal: controller.signal,
    });
    const reader = (body as ReadableStream<Uint8Array>).getReader();
    const decoder = new TextDecoder();
    let text = "";
    const next = async (): Promise<Sent | undefined> => {
      for (;;) {
        const end = text.indexOf("\n\n");
        if (end >= 0) {
          const [, name = "", data = "null"] = /^event: (.*)\ndata: (.*)$/m.exec(text.slice(0, end)) ?? [];
          text = text.slice(end + 2);
          return { name, data: JSON.parse(data) };
        }
        const { done, value } = await reader.read();
        if (done) return undefined;
        text += decoder.decode(value, { stream: true });
      }
    };
    /** The next event that is not only a sign of life. */
    const news = async (): Promise<Sent | undefined> => {
      for (;;) {
        const sent = await next();
        if (sent?.name !== "beat") return sent;
      }
    };
    return { next, news };
  };
  return { ...api, signIn, watch };
}

const VIEW = {
  ...{
    externalId: null,
    platform: "discord",
    meetingUrl: "discord://1/2",
    channel: null,
    paused: false,
    stopped: false,
  },
  ...{ status: "recording", startedAt: null, elapsedSeconds: 3, connection: "live", speakers: [], warnings: [] },
  metadata: { discord: { guildId: "1", channelId: "2", textChannelId: null } },
  participants: [],
  autoLeave: [{ exitReason: "silence_timeout", remainingSeconds: 300, thresholdSeconds: 300, waitsFor: null }],
  uploads: { waitingFiles: 0, waitingBytes: 0, storedFiles: 0, storedBytes: 0, failedFiles: 0 },
  ...{ exitReason: null, exitDetail: null, failure_code: null, failure_detail: null, manifestUri: null },
};

const worker =
  (id: string, more: object = {}): FakeWorker =>
  async () => ({
    ...{ status: 200, contentType: "application/json" },
    body: Buffer.from(JSON.stringify({ id, ...VIEW, ...more })),
  });

it("A page is sent each job of its key that changes, with what can be done, and what the worker says.", async () => {
  const { create, launch, ask, live, test, signIn, watch, state } = await page();
  const { next, news } = await watch(await signIn(live.key));
  expect(await next()).toEqual({ name: "beat", data: {} });
  await ask("POST", "/api/v1/jobs", { key: test.key, body: { externalId: "of-another-key" } });
  const { json: job } = await create({ externalId: "a" });
  expect(await news()).toMatchObject({
    name: "job",
    data: { id: job.id, status: "queued", obstacles: { cancel: null } },
  });
  state.worker = worker(job.id);
  const key = await launch(job.id);
  await ask("POST", "/api/v1/ingest", { key, body: statusReport(job.id, "joining", "queued") });
  const sent: Sent[] = [];
  while (sent.at(-1)?.name !== "live") sent.push((await news()) as Sent);
  expect(sent.at(-1)?.data).toMatchObject({ id: job.id, live: { autoLeave: [{ remainingSeconds: 300 }] } });
  expect(sent.map(({ name }) => name)).toContain("job");
});

it("A page that is opened later is sent what the workers of live jobs say.", async () => {
  const { create, launch, live, signIn, watch, state } = await page();
  const { json: job } = await create();
  state.worker = worker(job.id, { participants: [] });
  await launch(job.id);
  const { news } = await watch(await signIn(live.key));
  expect(await news()).toMatchObject({ name: "live", data: { id: job.id, live: { status: "recording" } } });
});

it.each(["revoked", "signed out"])("The events end when the key is %s.", async (how) => {
  const { ask, live, signIn, watch, store } = await page();
  const cookie = await signIn(live.key);
  const { next } = await watch(cookie);
  expect((await next())?.name).toBe("beat");
  if (how === "revoked") await store.revokeKey(live.row.id, Date.now());
  else await ask("DELETE", "/page/session", { key: undefined, headers: { ...OWN, cookie } });
  expect(await next()).toBeUndefined();
});

it("A key has a limited number of open pages, and the answer says when to retry.", async () => {
  const { ask, live, signIn, watch } = await page();
  const cookie = await signIn(live.key);
  for (let opened = 0; opened < 20; opened += 1) await watch(cookie);
  const refused = await ask("GET", "/page/events", { key: undefined, headers: { ...OWN, cookie } });
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "10"]);
});
