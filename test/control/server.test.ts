import { describe, expect, it } from "vitest";
import { DROP_FATES } from "../../src/audio/fates.ts";
import { obstacleOf } from "../../src/control/readiness.ts";
import { startHttpServer } from "../../src/control/server.ts";
import { controlServer } from "../support/control-server.ts";
import { memoryCall } from "../support/memory-call.ts";
import { FLAGS, somebody } from "../support/people.ts";
import { silentLog } from "../support/silent-log.ts";
import { settle } from "../support/virtual-clock.ts";

const ALICE = somebody(1);

/** Values of a metric, by its labels as Prometheus writes them. */
function values(text: string, metric: string): Record<string, number> {
  const lines = text.split("\n").filter((line) => line.startsWith(`${metric}{`) || line.startsWith(`${metric} `));
  return Object.fromEntries(
    lines.map((line) => [
      line.slice(metric.length, line.lastIndexOf(" ")),
      Number(line.slice(line.lastIndexOf(" ") + 1)),
    ]),
  );
}

async function recording() {
  const server = await controlServer();
  const { call } = server;
  const result = call.recorder.run();
  await settle();
  const get = async (path: string) => {
    const { status, text } = await server.ask("GET", path, { token: undefined });
    return { status, text };
  };
  const end = async () => {
    call.recorder.end({ exitReason: "shutdown", detail: "test" });
    await result;
  };
  return { call, get, end };
}

describe("the HTTP server", () => {
  it("is healthy from the start, and ready while it records or finishes", async () => {
    const { call, ask } = await controlServer();
    const get = async (path: string) => {
      const { status, text } = await ask("GET", path, { token: undefined });
      return { status, text };
    };
    expect(await get("/healthz")).toMatchObject({ status: 200 });
    expect(await get("/readyz")).toEqual({ status: 503, text: '{"status":"queued","reason":"the job is queued"}' });
    const result = call.recorder.run();
    await settle();
    expect(await get("/readyz")).toEqual({ status: 200, text: '{"status":"recording"}' });
    call.recorder.end({ exitReason: "shutdown", detail: "test" });
    await result;
    expect(await get("/readyz")).toMatchObject({ status: 503, text: expect.stringContaining("completed") });
  });

  it("is not ready while nobody can be heard, or after recording was stopped, but is ready while paused", async () => {
    const { call, get, end } = await recording();
    const ready = async () => (await get("/readyz")).status;
    call.voice.listener?.connection("reconnecting");
    expect(await ready()).toBe(503);
    call.voice.listener?.connection("unheard");
    expect(await get("/readyz")).toMatchObject({ text: expect.stringContaining("cannot be heard") });
    call.voice.listener?.connection("live");
    call.recorder.pause();
    expect(await ready()).toBe(200);
    call.recorder.stopRecording();
    expect(await ready()).toBe(503);
    await end();
  });

  it("is ready while it stores, but not after a file was given up", async () => {
    const { call, get } = await recording();
    call.storage.failing = () => true;
    call.recorder.end({ exitReason: "shutdown", detail: "test" });
    await settle();
    expect(await get("/readyz")).toEqual({ status: 200, text: '{"status":"finalizing"}' });
    const { uploads, ...status } = call.recorder.status();
    expect(obstacleOf({ ...status, uploads: { ...uploads, failedFiles: 2 } })).toBe("2 files could not be stored");
  });

  it("reports every datagram's fate, in total and per speaker, and the numbers add up", async () => {
    const { call, get, end } = await recording();
    call.voice.listener?.roster({ kind: "join", person: ALICE, flags: FLAGS });
    for (let packet = 0; packet < 10; packet += 1) {
      call.speak(ALICE.id);
      await call.clock.advance(20);
    }
    call.voice.listener?.dropped("auth_failed", undefined);
    call.voice.listener?.dropped("duplicate", ALICE.id);
    const { text } = await get("/metrics");
    const all = values(text, "meetbot_datagrams_total");
    expect(all).toMatchObject({ '{fate="written"}': 10, '{fate="auth_failed"}': 1, '{fate="duplicate"}': 1 });
    expect(Object.keys(all)).toHaveLength(DROP_FATES.length + 1);
    expect(Object.values(all).reduce((sum, count) => sum + count)).toBe(12);
    expect(values(text, "meetbot_speaker_datagrams_total")).toMatchObject({
      '{speaker="A",fate="written"}': 10,
      '{speaker="A",fate="duplicate"}': 1,
    });
    // The metrics reveal nobody's identity to their readers.
    expect(text).not.toContain(ALICE.id);
    expect(values(text, "meetbot_recorded_seconds")).toEqual({ "": 0.2 });
    expect(values(text, "meetbot_job_state")).toEqual({ '{state="recording"}': 1 });
    expect(values(text, "meetbot_auto_leave_remaining_seconds")).toMatchObject({ '{rule="max_duration"}': 14_399.8 });
    expect((await get("/metrics")).text).toContain('meetbot_datagrams_total{fate="written"} 10');
    await end();
  });

  it("reports who is present, how well the call is received, and what waits on the disk", async () => {
    const { call, get, end } = await recording();
    for (const person of [ALICE, somebody(2), somebody(3, true)]) {
      call.voice.listener?.roster({ kind: "join", person, flags: FLAGS });
    }
    for (let packet = 0; packet < 100; packet += 1) {
      call.speak(ALICE.id);
      await call.clock.advance(20);
    }
    call.voice.listener?.connection("reconnecting");
    call.voice.listener?.connection("live");
    call.voice.listener?.warning("odd", "something odd");
    const { text } = await get("/metrics");
    expect(values(text, "meetbot_participants")).toEqual({ '{kind="human"}': 2, '{kind="bot"}': 1 });
    expect(values(text, "meetbot_speakers")).toEqual({ "": 1 });
    expect(values(text, "meetbot_voice_connected")).toEqual({ "": 1 });
    expect(values(text, "meetbot_voice_reconnects_total")).toEqual({ "": 1 });
    expect(values(text, "meetbot_dave_epochs")).toEqual({ "": 2 });
    expect(values(text, "meetbot_dave_protocol_version")).toEqual({ "": 1 });
    expect(values(text, "meetbot_warnings_total")).toEqual({ '{code="odd"}': 1 });
    expect(values(text, "meetbot_spool_bytes")[""]).toBeGreaterThan(1_000);
    expect(values(text, "meetbot_upload_waiting_files")).toEqual({ "": 0 });
    const pages = values(text, "meetbot_page_latency_seconds_bucket");
    expect(pages['{le="+Inf"}']).toBeGreaterThanOrEqual(3);
    expect(pages['{le="0.6"}']).toBe(pages['{le="+Inf"}']);
    expect(pages['{le="0.05"}']).toBe(0);
    expect(values(text, "meetbot_page_latency_seconds_count")).toEqual({ "": pages['{le="+Inf"}'] });
    await end();
  });

  it("reports how many packets wait for an earlier one", async () => {
    const { call, get, end } = await recording();
    call.voice.listener?.roster({ kind: "join", person: ALICE, flags: FLAGS });
    call.speak(ALICE.id);
    await call.clock.advance(20);
    call.speak(ALICE.id);
    expect(values((await get("/metrics")).text, "meetbot_reorder_depth_packets")).toEqual({ "": 2 });
    await call.clock.advance(1_000);
    expect(values((await get("/metrics")).text, "meetbot_reorder_depth_packets")).toEqual({ "": 0 });
    await end();
  });

  it("names the address if it cannot listen there", async () => {
    const { address } = await controlServer();
    const port = Number(new URL(address).port);
    const { recorder } = memoryCall();
    const job = { status: () => recorder.status(), end: () => false, call: recorder };
    await expect(
      startHttpServer({ host: "127.0.0.1", port, allowedHosts: [], token: undefined, job, log: silentLog }),
    ).rejects.toThrow(
      `MEETBOT_HTTP_HOST and MEETBOT_HTTP_PORT: cannot listen on 127.0.0.1, port ${port}: another program listens there`,
    );
  });

  it("serves nothing else, and lets no page of another origin read it", async () => {
    const { ask } = await controlServer();
    expect(await ask("GET", "/")).toMatchObject({ status: 404, json: { error: "not_found" } });
    const { headers } = await ask("GET", "/healthz", { headers: { origin: "https://example.org" } });
    expect([...headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
  });
});
