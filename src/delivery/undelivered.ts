import { open, rename } from "node:fs/promises";
import type { GivenUpLine, OutboxEvent } from "./outbox-lines.ts";

interface Undelivered {
  readonly event: OutboxEvent;
  readonly givenUp: readonly GivenUpLine[];
}

/**
 * Keeps undeliverable events, one JSON object a line, for an operator to inspect or send by hand. Each has the event as
 * it was emitted, and for each kind of destination when and why it was given up.
 */
export async function keepUndelivered(path: string, undelivered: readonly Undelivered[]): Promise<void> {
  const lines = undelivered.map(({ event: { deliveryId, emittedAt, data }, givenUp }) => {
    const why = givenUp.map(({ by, at, reason }) => ({ by, at, reason }));
    return `${JSON.stringify({ deliveryId, emittedAt, givenUp: why, data })}\n`;
  });
  const partial = `${path}.partial`;
  const file = await open(partial, "w", 0o600);
  try {
    await file.writeFile(lines.join(""));
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(partial, path);
}
