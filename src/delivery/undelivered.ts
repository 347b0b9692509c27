import { randomUUID } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { FILE_MODE, NEW_FILE } from "../own-files.ts";
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
  // Others may be able to write to the spool. Nobody can guess the name, so nobody can prepare a file or link there.
  const partial = `${path}.partial-${randomUUID()}`;
  const file = await open(partial, NEW_FILE, FILE_MODE);
  try {
    await file.writeFile(lines.join(""));
    await file.datasync();
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}
