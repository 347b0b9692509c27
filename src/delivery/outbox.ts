import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import PQueue from "p-queue";
import { hasCode } from "../errors.ts";
import { makeFolder } from "../files.ts";
import type { Log } from "../log.ts";
import { openOwnFile, readOwnFile } from "../own-files.ts";
import type { DestinationKind } from "./destination.ts";
import {
  type GivenUpLine,
  type OutboxContent,
  type OutboxEvent,
  type OutboxLine,
  readOutbox,
  writeLine,
} from "./outbox-lines.ts";

/** The limit is generous, because a job has a few dozen events. */
const MAX_OUTBOX_BYTES = 64_000_000;

/**
 * Keeps events on disk until all their destinations have accepted them. The file is append-only, and each line is
 * synced before the call resolves. It is created with the first line.
 */
export class Outbox {
  readonly #path: string;
  readonly #log: Log;
  readonly #events: OutboxEvent[] = [];
  /** By delivery id and kind. */
  readonly #accepted = new Set<string>();
  /** By delivery id and kind. */
  readonly #givenUp = new Map<string, GivenUpLine>();
  /** One write at a time, in call order. */
  readonly #writes = new PQueue({ concurrency: 1 });
  #wholeBytes: number;
  /** Whether the file may contain an incomplete line. */
  #torn: boolean;

  private constructor(path: string, log: Log, { lines, wholeBytes }: OutboxContent, torn: boolean) {
    this.#path = path;
    this.#log = log;
    this.#wholeBytes = wholeBytes;
    this.#torn = torn;
    for (const line of lines) this.#note(line);
  }

  /** Reads the events of an earlier run; an incomplete last line counts as not written. */
  static async open(path: string, jobId: string, log: Log): Promise<Outbox> {
    const bytes = await readExisting(path);
    const content = readOutbox(bytes, jobId);
    for (const line of content.unreadable) log.error({ file: path, line }, "a line of the outbox cannot be read");
    const more = content.unreadableCount - content.unreadable.length;
    if (more > 0) log.error({ file: path, lines: more }, "more lines of the outbox cannot be read");
    return new Outbox(path, log, content, content.wholeBytes < bytes.length);
  }

  /** In order of emission. */
  get events(): readonly OutboxEvent[] {
    return this.#events;
  }

  isAccepted(event: OutboxEvent, by: DestinationKind): boolean {
    return this.#accepted.has(`${event.deliveryId} ${by}`);
  }

  /** Whether nothing is left to do: accepted, or given up. */
  isSettled(event: OutboxEvent, by: DestinationKind): boolean {
    return this.isAccepted(event, by) || this.#givenUp.has(`${event.deliveryId} ${by}`);
  }

  /** How many events a destination may still accept. */
  get pending(): number {
    return this.#events.filter((event) => kindsOf(event).some((kind) => !this.isSettled(event, kind))).length;
  }

  /** Events that a destination will never accept, and why. */
  get undelivered(): readonly { readonly event: OutboxEvent; readonly givenUp: readonly GivenUpLine[] }[] {
    return this.#events.flatMap((event) => {
      const givenUp = kindsOf(event).flatMap((kind) => this.#givenUp.get(`${event.deliveryId} ${kind}`) ?? []);
      return givenUp.length === 0 ? [] : [{ event, givenUp }];
    });
  }

  /** If the disk refuses a line, the line is logged and counts only in this process. */
  async add(line: OutboxLine): Promise<void> {
    this.#note(line);
    try {
      await this.#writes.add(() => this.#append(writeLine(line)));
    } catch (error) {
      const lost = line.type === "event" ? "this event may be lost" : "this event may be sent again";
      this.#log.error({ err: error, deliveryId: line.deliveryId }, `the outbox cannot be written: ${lost} in a crash`);
    }
  }

  /** Resolves when nothing is being written. */
  settled(): Promise<void> {
    return this.#writes.onIdle();
  }

  #note(line: OutboxLine): void {
    if (line.type === "event") this.#events.push(line);
    else if (line.type === "accepted") this.#accepted.add(`${line.deliveryId} ${line.by}`);
    else this.#givenUp.set(`${line.deliveryId} ${line.by}`, line);
  }

  async #append(bytes: Buffer): Promise<void> {
    // There are few lines, so the file is opened for each, and nothing is left to close.
    const file = await openDurably(this.#path);
    try {
      if (this.#torn) await file.truncate(this.#wholeBytes);
      this.#torn = true;
      await file.appendFile(bytes);
      await file.datasync();
      this.#wholeBytes += bytes.length;
      this.#torn = false;
    } finally {
      await file.close();
    }
  }
}

export function kindsOf({ to }: OutboxEvent): readonly DestinationKind[] {
  return Object.keys(to) as DestinationKind[];
}

async function readExisting(path: string): Promise<Buffer> {
  try {
    return await readOwnFile(path, MAX_OUTBOX_BYTES);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return Buffer.alloc(0);
    throw error;
  }
}

/** A file is on disk only if its directory entry is. */
async function openDurably(path: string): Promise<FileHandle> {
  const folder = dirname(path);
  await makeFolder(folder);
  const handle = await openOwnFile(path, constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND);
  const entries = await open(folder, "r");
  try {
    await entries.sync();
  } finally {
    await entries.close();
  }
  return handle;
}
