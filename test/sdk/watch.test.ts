import { describe, expect, test } from "vitest";
import { createMeetbot, type JobMessage, MeetbotConnectionError, type WatchOptions } from "../../src/sdk/index.ts";
import { serviceApi, statusReport } from "../support/service-api.ts";
import { scriptedServer, type Treatment } from "./support/scripted-server.ts";

const KEY = "mb_test_0123456789abcdefghjkmnpqrstvwxyz01234567";

const message = (id: number, status: string): string =>
  `id: ${id}\nevent: job.status_changed\ndata: ${JSON.stringify({ event: "job.status_changed", data: { status } })}\n\n`;

/** A stream of these texts; then it ends, or its connection is cut. */
function stream(texts: readonly string[], end: "clean" | "cut" | "hang" = "clean"): Treatment {
  return (request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
    for (const text of texts) response.write(text);
    if (end === "clean") response.end();
    if (end === "cut") setTimeout(() => request.socket.destroy(), 50);
  };
}

const job = (status: string): Treatment => ({ status: 200, body: { id: "job_1", status } });

async function watchedOf(script: readonly Treatment[], options: WatchOptions = {}) {
  const server = await scriptedServer(...script);
  const meetbot = createMeetbot({ apiKey: KEY, baseUrl: server.url, firstPauseMs: 1 });
  const messages: JobMessage[] = [];
  const error = await (async () => {
    for await (const each of meetbot.watchJob("job_1", options)) messages.push(each);
  })().catch((reason: unknown) => reason);
  const lastIds = server.seen
    .filter(({ url }) => url.endsWith("/events"))
    .map(({ headers }) => headers["last-event-id"]);
  return { messages, error, lastIds, ids: messages.map(({ id }) => id) };
}

describe("watching a job", () => {
  test("gives each event with its id, and ends when nothing can follow", async () => {
    const { messages, error, lastIds } = await watchedOf([
      stream([message(1, "joining"), message(2, "completed")]),
      job("completed"),
      stream([]),
    ]);
    expect(error).toBeUndefined();
    expect(messages).toEqual([
      { id: "1", event: "job.status_changed", data: { status: "joining" } },
      { id: "2", event: "job.status_changed", data: { status: "completed" } },
    ]);
    expect(lastIds).toEqual([undefined, "2"]);
  });

  test("gives session events by their names, and what the worker says", async () => {
    const line = { type: "participant.leave", atMs: 12, participantId: "1" };
    const texts = [
      `id: 1.40\nevent: participant.leave\ndata: ${JSON.stringify(line)}\n\n`,
      'event: job.live\ndata: {"status":"recording"}\n\n',
    ];
    const { messages, lastIds } = await watchedOf([stream(texts), job("completed"), stream([])]);
    expect(messages).toEqual([
      { id: "1.40", event: "participant.leave", data: line },
      { id: null, event: "job.live", data: { status: "recording" } },
    ]);
    expect(lastIds).toEqual([undefined, "1.40"]);
  });

  test("continues after a lost connection with the last event's id, and gives no event twice", async () => {
    const { ids, error, lastIds } = await watchedOf([
      stream([message(1, "joining")], "cut"),
      "drop",
      { status: 503 },
      stream([message(2, "in_call"), message(3, "completed")]),
      job("completed"),
      stream([]),
    ]);
    expect(error).toBeUndefined();
    expect(ids).toEqual(["1", "2", "3"]);
    expect(lastIds).toEqual([undefined, "1", "1", "1", "3"]);
  });

  test("says when the connection is lost, and when there is one again", async () => {
    const seen: (string | undefined)[] = [];
    const onConnection = (lost: Error | undefined): void => void seen.push(lost?.name);
    const script = [stream([message(1, "joining")], "cut"), "drop", stream([]), job("completed"), stream([])] as const;
    const { error } = await watchedOf(script, { onConnection });
    expect([error, seen]).toEqual([undefined, ["MeetbotConnectionError", undefined]]);
  });

  test("ends if an event has no end", async () => {
    const endless: Treatment = (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: ");
      const write = (): void => {
        if (!response.destroyed) response.write("x".repeat(1_000_000), write);
      };
      write();
    };
    const { error } = await watchedOf([endless]);
    expect(error).toMatchObject({
      ...{ name: "MeetbotResponseError", message: "an event has more than 33554432 characters" },
    });
  });

  test("continues if something between ends the stream while the job is not over", async () => {
    const { ids } = await watchedOf([
      stream([message(1, "joining")]),
      job("joining"),
      stream([message(2, "completed")]),
      job("completed"),
      // What was cut off after the last state.
      stream([message(3, "completed")]),
      job("completed"),
      stream([]),
    ]);
    expect(ids).toEqual(["1", "2", "3"]);
  });

  test("continues if nothing comes for too long, not even a heartbeat", async () => {
    const { ids, error } = await watchedOf(
      [stream([message(1, "joining")], "hang"), stream([message(2, "completed")]), job("completed"), stream([])],
      { idleMs: 100 },
    );
    expect([ids, error]).toEqual([["1", "2"], undefined]);
  });

  test("puts events together from any pieces, across heartbeats and characters of several bytes", async () => {
    const text = `: heartbeat\n\n${message(1, "größer 🎙")}: heartbeat\n\n`;
    const bytes = Buffer.from(text);
    const pieces: Treatment = (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const writeFrom = (at: number): void => {
        if (at >= bytes.length) {
          response.end();
          return;
        }
        response.write(bytes.subarray(at, at + 3), () => setImmediate(() => writeFrom(at + 3)));
      };
      writeFrom(0);
    };
    const { messages } = await watchedOf([pieces, job("completed"), stream([])]);
    expect(messages).toEqual([{ id: "1", event: "job.status_changed", data: { status: "größer 🎙" } }]);
  });

  test("begins after the id that is given", async () => {
    const { lastIds } = await watchedOf([stream([]), job("completed"), stream([])], { lastEventId: "7" });
    expect(lastIds).toEqual(["7", "7"]);
  });

  test("gives up after too many lost connections in a row", async () => {
    const { error, lastIds } = await watchedOf([stream([], "cut")], { maxRetries: 2 });
    expect(error).toBeInstanceOf(MeetbotConnectionError);
    expect(lastIds).toHaveLength(3);
  });

  test("ends with the signal's reason", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    setTimeout(() => controller.abort(reason), 100);
    const { ids, error } = await watchedOf([stream([message(1, "joining")], "hang")], { signal: controller.signal });
    expect([ids, error]).toEqual([["1"], reason]);
  });

  test.each<[string, Treatment, object]>([
    ["another job's key", { status: 404, body: { code: "not_found", message: "no" } }, { status: 404 }],
    ["a page", { status: 200, headers: { "content-type": "text/html" }, body: "hi" }, { name: "MeetbotResponseError" }],
    ["broken JSON", stream(["id: 1\ndata: {\n\n"]), { name: "MeetbotResponseError" }],
  ])("ends at once with %s", async (_name, treatment, expected) => {
    const { error, lastIds } = await watchedOf([treatment]);
    expect(error).toMatchObject(expected);
    expect(lastIds).toHaveLength(1);
  });
});

test("A job of the service is watched from its first event to its last, with what its worker says.", async () => {
  const { address, live, create, launch, ask, store } = await serviceApi();
  const { json: created } = await create();
  const key = await launch(created.id);
  const report = (status: string, previous: string, more: object = {}) =>
    ask("POST", "/api/v1/ingest", { key, body: statusReport(created.id, status, previous, more) });
  const meetbot = createMeetbot({ apiKey: live.key, baseUrl: address });
  const statuses: string[] = [];
  const watching = (async () => {
    for await (const each of meetbot.watchJob(created.id)) {
      if (each.event === "job.status_changed") statuses.push(each.data.status);
    }
  })();
  await report("joining", "queued");
  await report("in_call", "joining");
  await report("recording", "in_call");
  await report("finalizing", "recording", { exitReason: "alone_in_room" });
  await report("completed", "finalizing", { exitReason: "alone_in_room" });
  await store.applyJobEvent(created.id, {
    ...{ type: "worker_gone", at: Date.now(), attempt: 1, how: "exit code 0", remains: "nothing" },
  });
  await watching;
  expect(statuses).toEqual(["joining", "in_call", "recording", "finalizing", "completed"]);
});
