/**
 * The process that plays the calls, so that neither the peers nor who measures them share an event loop with the load.
 * Node's IPC channel brings the calls to play; the process ends when the channel closes.
 */
import { type Loopback, startLoopback } from "../../src/loopback/loopback.ts";
import { makeLoad } from "./load.ts";
import type { CallRequest, HostMessage, HostRequest, SentCounts } from "./loopback-messages.ts";
import { type SentSample, sendLagsMs } from "./send-lag.ts";
import { percentile } from "./statistics.ts";

const LOOK_INTERVAL_MS = 5;

interface PlayedCall {
  readonly loopback: Loopback;
  readonly looking: NodeJS.Timeout;
}

const calls = new Map<number, PlayedCall>();

process.on("message", (request: HostRequest) => {
  serve(request).catch((error: unknown) => {
    send({ call: request.call, kind: "failed", message: error instanceof Error ? error.message : String(error) });
  });
});
process.on("disconnect", () => process.exit());

async function serve(request: HostRequest): Promise<void> {
  switch (request.kind) {
    case "open":
      return await open(request.call, request.request);
    case "close":
      return await close(request.call);
  }
}

async function open(call: number, { load, impairments, encryptionMode, workDir }: CallRequest): Promise<void> {
  const { fixture, truth } = makeLoad(load);
  const loopback = await startLoopback({ fixture, impairments, encryptionModes: [encryptionMode], workDir });
  const dueMs = [...fixture.packets.values()].flatMap((packets) => packets.map(({ atMs }) => atMs));
  dueMs.sort((left, right) => left - right);
  const samples: SentSample[] = [];
  const looking = setInterval(() => {
    const sent = sentBy(loopback);
    if (sent > 0 && samples.length === 0) send({ call, kind: "started" });
    if (sent > 0) samples.push({ atMs: performance.now(), sent });
    if (sent < truth.size) return;
    clearInterval(looking);
    send({ call, kind: "sent", ...countsOf(loopback, samples, dueMs) });
  }, LOOK_INTERVAL_MS);
  calls.set(call, { loopback, looking });
  void loopback.played.then(() => send({ call, kind: "played" }));
  send({ call, kind: "open", environment: loopback.environment });
}

function countsOf(loopback: Loopback, samples: readonly SentSample[], dueMs: readonly number[]): SentCounts {
  const { lost, swapped } = loopback.impaired;
  return { sent: sentBy(loopback) - lost, lost, swapped, lagMs: percentile(sendLagsMs(samples, dueMs), 0.99) };
}

async function close(call: number): Promise<void> {
  const played = calls.get(call);
  calls.delete(call);
  clearInterval(played?.looking);
  await played?.loopback.close();
  send({ call, kind: "closed" });
}

function sentBy({ sent }: Loopback): number {
  return [...sent.values()].reduce((sum, count) => sum + count, 0);
}

function send(message: HostMessage): void {
  if (process.connected) process.send?.(message);
}
