import { afterEach, describe, expect, it } from "vitest";
import { DROP_FATES } from "../../src/audio/fates.ts";
import { type HttpServer, startHttpServer } from "../../src/http/server.ts";
import { FLAGS, memoryCall, settle, somebody } from "../support/memory-call.ts";

const open: HttpServer[] = [];

afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

async function serve() {
  const call = memoryCall();
  const server = await startHttpServer({ host: "127.0.0.1", port: 0, status: () => call.recorder.status() });
  open.push(server);
  const get = async (path: string) => {
    const response = await fetch(`${server.address}${path}`);
    return { status: response.status, text: await response.text() };
  };
  return { call, get };
}

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

describe("the HTTP server", () => {
  it("is healthy from the start, and ready while it records or finishes", async () => {
    const { call, get } = await serve();
    expect(await get("/healthz")).toMatchObject({ status: 200 });
    expect(await get("/readyz")).toEqual({ status: 503, text: '{"status":"queued"}' });
    const result = call.recorder.run();
    await settle();
    expect(await get("/readyz")).toEqual({ status: 200, text: '{"status":"recording"}' });
    call.recorder.end({ exitReason: "shutdown", detail: "test" });
    await result;
    expect(await get("/readyz")).toEqual({ status: 503, text: '{"status":"completed"}' });
  });

  it("tells every datagram's fate, in all and for each speaker, so that they add up", async () => {
    const { call, get } = await serve();
    const result = call.recorder.run();
    await settle();
    const alice = somebody(1);
    call.voice.listener?.roster({ kind: "join", person: alice, flags: FLAGS });
    for (let packet = 0; packet < 10; packet += 1) {
      call.speak(alice.id);
      await call.clock.advance(20);
    }
    call.voice.listener?.dropped("auth_failed", undefined);
    call.voice.listener?.dropped("duplicate", alice.id);
    const { text } = await get("/metrics");
    const all = values(text, "meetbot_datagrams_total");
    expect(all).toMatchObject({ '{fate="written"}': 10, '{fate="auth_failed"}': 1, '{fate="duplicate"}': 1 });
    expect(Object.keys(all)).toHaveLength(DROP_FATES.length + 1);
    expect(Object.values(all).reduce((sum, count) => sum + count)).toBe(12);
    expect(values(text, "meetbot_speaker_datagrams_total")).toMatchObject({
      [`{speaker="${alice.id}",fate="written"}`]: 10,
      [`{speaker="${alice.id}",fate="duplicate"}`]: 1,
    });
    expect(values(text, "meetbot_recorded_seconds")).toEqual({ "": 0.2 });
    expect(values(text, "meetbot_job_state")).toEqual({ '{state="recording"}': 1 });
    expect(values(text, "meetbot_auto_leave_remaining_seconds")).toMatchObject({ '{rule="max_duration"}': 14_399.8 });
    expect((await get("/metrics")).text).toContain('meetbot_datagrams_total{fate="written"} 10');
    call.recorder.end({ exitReason: "shutdown", detail: "test" });
    await result;
  });

  it("says which address it cannot have", async () => {
    const { get: _, ...first } = await serve();
    expect(first.call.recorder.state.status).toBe("queued");
    const port = Number(new URL(open[0]?.address ?? "").port);
    await expect(
      startHttpServer({ host: "127.0.0.1", port, status: () => first.call.recorder.status() }),
    ).rejects.toThrow(`MEETBOT_HTTP_HOST and MEETBOT_HTTP_PORT: cannot listen on 127.0.0.1, port ${port}: `);
  });

  it("has nothing else to show", async () => {
    const { get } = await serve();
    expect(await get("/")).toMatchObject({ status: 404 });
  });
});
