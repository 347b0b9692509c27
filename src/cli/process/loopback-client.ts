import { setTimeout as sleep } from "node:timers/promises";
import type { ConnectionEvent } from "../../loopback/loopback.ts";

const DEADLINES = {
  /** Time for a client to connect, because a worker takes seconds to start on a busy machine. */
  comeMs: 120_000,
  /** Time for a client to return, because it may only have lost its connection. */
  returnMs: 30_000,
  lookEveryMs: 1_000,
};

/** Waits until a loopback's client has left for good, or none has connected in time. */
export async function untilClientLeft(
  log: () => readonly ConnectionEvent[],
  { comeMs, returnMs, lookEveryMs } = DEADLINES,
): Promise<void> {
  let aloneMs = 0;
  for (;;) {
    const { open, hasCome } = connectionsIn(log());
    aloneMs = open > 0 ? 0 : aloneMs + lookEveryMs;
    if (aloneMs > (hasCome ? returnMs : comeMs)) return;
    await sleep(lookEveryMs);
  }
}

/** Open connections to the gateway. */
function connectionsIn(events: readonly ConnectionEvent[]): { readonly open: number; readonly hasCome: boolean } {
  const opened = events.filter(
    (event) => event.kind === "gateway_identify" || (event.kind === "gateway_resume" && event.resumed),
  );
  const closed = events.filter(({ kind }) => kind === "gateway_close");
  return { open: opened.length - closed.length, hasCome: opened.length > 0 };
}
