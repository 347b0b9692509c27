import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { serviceApi, statusReport } from "../../../support/service-api.ts";

async function running() {
  const api = await serviceApi();
  const { json: job } = await api.create();
  const key = await api.launch(job.id);
  const report = (status: string, previous: string, more: object = {}) =>
    api.ask("POST", "/api/v1/ingest", { key, body: statusReport(job.id, status, previous, more) });
  const end = async (): Promise<void> => {
    await report("finalizing", "recording", { exitReason: "alone_in_room" });
    await report("completed", "finalizing", { exitReason: "alone_in_room" });
    await api.store.applyJobEvent(job.id, {
      ...{ type: "worker_gone", at: Date.now(), attempt: 1, how: "exit code 0", remains: "nothing" },
    });
  };
  return { ...api, id: job.id as string, path: `/api/v1/jobs/${job.id}/events`, report, end };
}

const namesIn = (text: string): string[] =>
  [...text.matchAll(/"status":"(\w+)","previousStatus"/g)].map(([, it = ""]) => it);
const idsIn = (text: string): number[] => [...text.matchAll(/^id: (\d+)\.\d+$/gm)].map(([, id]) => Number(id));

describe("the event stream of a job", () => {
  it("has every event from the start, and ends with the job", async () => {
    const { ask, path, report, end } = await running();
    await report("joining", "queued");
    const watched = ask("GET", path);
    await report("in_call", "joining");
    await report("recording", "in_call");
    await end();
    const { status, headers, text } = await watched;
    expect([status, headers.get("content-type")]).toEqual([200, "text/event-stream; charset=utf-8"]);
    expect(namesIn(text)).toEqual(["joining", "in_call", "recording", "finalizing", "completed"]);
    expect(idsIn(text)).toEqual([...idsIn(text)].sort((a, b) => a - b));
  });

  it("continues after Last-Event-ID, and refuses anything else", async () => {
    const { ask, path, report, end } = await running();
    await report("joining", "queued");
    await report("in_call", "joining");
    await report("recording", "in_call");
    await end();
    const [, second = 0] = idsIn((await ask("GET", path)).text);
    const { text } = await ask("GET", path, { headers: { "last-event-id": String(second) } });
    expect(namesIn(text)).toEqual(["recording", "finalizing", "completed"]);
    const wrong = await ask("GET", path, { headers: { "last-event-id": "x" } });
    expect([wrong.status, wrong.json.issues[0].path]).toEqual([400, ["last-event-id"]]);
  });

  it("has the call's session events, from the start, after the last one, and before the call's end", async () => {
    const { ask, path, report, end, state, id } = await running();
    await report("joining", "queued");
    await report("recording", "joining");
    const line = (type: string, n: number): string => `${JSON.stringify({ type, atMs: n, n })}\n`;
    const before = ["participant.join", "anchor", "talkspurt", "warning"].map(line).join("");
    // The worker has written a part of the last line.
    state.sessionLines.set(id, `${before}{"type":"talks`);
    const watched = ask("GET", path);
    await end();
    const first = (await watched).text;
    const sessionIn = (text: string): unknown[] =>
      [...text.matchAll(/^id: \d+\.(\d+)\nevent: ([\w.]+)\ndata: \{"type":"(.*)","atMs"/gm)].map((match) =>
        match.slice(1),
      );
    const positions = [line("participant.join", 0), line("anchor", 1), line("talkspurt", 2), line("warning", 3)].map(
      (_, index, lines) => String(Buffer.byteLength(lines.slice(0, index + 1).join(""))),
    );
    expect(sessionIn(first)).toEqual([
      [positions[0], "participant.join", "participant.join"],
      [positions[2], "talkspurt", "talkspurt"],
      [positions[3], "warning", "warning"],
    ]);
    expect(first.indexOf("event: warning")).toBeGreaterThan(first.indexOf('"status":"recording"'));
    expect(first.indexOf("event: warning")).toBeLessThan(first.indexOf('"status":"finalizing"'));
    const last = /id: (\S+)\nevent: talkspurt/.exec(first)?.[1] ?? "";
    const again = (await ask("GET", path, { headers: { "last-event-id": last } })).text;
    expect(sessionIn(again)).toEqual([[positions[3], "warning", "warning"]]);
    expect(namesIn(again)).toEqual(["finalizing", "completed"]);
    for (const tampered of ["0.5", "999999999999.0", "0.999999999999"]) {
      expect((await ask("GET", path, { headers: { "last-event-id": tampered } })).status).toBe(200);
    }
    expect((await ask("GET", path, { headers: { "last-event-id": "1.2.3" } })).status).toBe(400);
  });

  it("ends within a second if its key is revoked", async () => {
    const { address, path, report, store, live } = await running();
    await report("joining", "queued");
    const watched = await fetch(`${address}${path}`, { headers: { authorization: `Bearer ${live.key}` } });
    const chunks = watched.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await chunks?.read())?.value).toContain('"status":"joining"');
    await store.revokeKey(live.row.id, Date.now());
    expect(await chunks?.read()).toEqual({ done: true, value: undefined });
  });

  it("holds a bounded amount for a reader that reads nothing", async () => {
    const { address, path, live, store, report } = await running();
    await report("joining", "queued");
    let asked = 0;
    const eventsAfter = store.eventsAfter.bind(store);
    // Each page is 10 MB. A reader that reads nothing gets no second one.
    store.eventsAfter = async (jobId, seq, limit) => {
      asked += 1;
      const [event] = await eventsAfter(jobId, 0, 1);
      if (event === undefined) return [];
      const dataJson = JSON.stringify({ text: "x".repeat(100_000) });
      return Array.from({ length: limit }, (_, index) => ({ ...event, seq: seq + index + 1, dataJson }));
    };
    const { hostname, port } = new URL(address);
    const socket = connect(Number(port), hostname);
    socket.pause();
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${live.key}\r\n\r\n`);
    const before = process.memoryUsage().arrayBuffers;
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(asked).toBe(1);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
    socket.destroy();
  });
});
