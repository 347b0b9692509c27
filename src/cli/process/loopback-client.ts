import { setTimeout as sleep } from "node:timers/promises";
import type { ConnectionEvent } from "../../loopback/loopback.ts";

const DEADLINES = {
  /** For a client to come: a worker that starts on a busy machine takes seconds. */
  comeMs: 120_000,
  /** For a client to come back: it may only have lost its connection. */
  returnMs: 30_000,
  lookEveryMs: 1_000,
};

/** Waits until a client of a loopback has left for good, or none has come in time. */
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

/** Connections to the gateway that are open. */
function connectionsIn(events: readonly ConnectionEvent[]): { readonly open: number; readonly hasCome: boolean } {
  const opened = events.filter(
    (event) => event.kind === "gateway_identify" || (event.kind === "gateway_resume" && event.resumed),
  );
  const closed = events.filter(({ kind }) => kind === "gateway_close");
  return { open: opened.length - closed.length, hasCome: opened.length > 0 };
}
