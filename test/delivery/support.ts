import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ingestDestination, webhookDestination } from "../../src/delivery/destination.ts";
import { type OutboxSinkOptions, openEventSink } from "../../src/delivery/outbox-sink.ts";
import type { Log } from "../../src/log.ts";
import {
  competingBotDetected,
  type EventJob,
  jobFailed,
  jobFinalized,
  usageRecorded,
} from "../../src/session/build-job-events.ts";
import type { JobEvent } from "../../src/session/job-events.ts";
import type { Manifest } from "../../src/session/manifest.ts";

export const JOB: EventJob = { jobId: "job_1", externalId: "t-1", guildId: "1", channelId: "2", textChannelId: null };
export const SECRET = "whsec_recognisable-secret";
export const TOKEN = "recognisable-ingest-token";

/** An event that a job may have any number of times; the number distinguishes it from others. */
export function numbered(number: number): JobEvent {
  return competingBotDetected(JOB, { id: `${number}`, username: "otter", displayName: "Otter 🦦", bot: true }, false);
}

/** The numbers of events made by `numbered`. */
export function numbersOf(events: readonly { readonly data: JobEvent }[]): number[] {
  return events.map(({ data }) => ("participant" in data ? Number(data.participant.id) : Number.NaN));
}

export const ONCE: readonly JobEvent[] = [
  usageRecorded(JOB, 60_000, null),
  jobFailed(JOB, {
    failureCode: "network_loss",
    detail: "Discord could not be reached for 5 minutes",
    recordedMs: 60_000,
  }),
  jobFinalized(JOB, {
    manifest: {
      ...{ exitReason: "alone_in_room", failureCode: null, durationSeconds: 60 },
      ...{ startedAt: "2026-01-15T09:00:00.000Z", endedAt: "2026-01-15T09:01:00.000Z" },
    } as Manifest,
    manifestUri: "file:///recordings/job_1/manifest.json",
    recordedMs: 60_000,
  }),
];

export function newFolder(): string {
  return mkdtempSync(join(tmpdir(), "delivery-"));
}

/** A log that keeps its lines. */
export class MemoryLog implements Log {
  readonly lines: { readonly level: string; readonly fields: object; readonly message: string }[] = [];
  debug = this.#at("debug");
  info = this.#at("info");
  warn = this.#at("warn");
  error = this.#at("error");

  get text(): string {
    return this.lines.map((line) => JSON.stringify(line)).join("\n");
  }

  #at(level: string) {
    return (fields: object, message: string): void => {
      this.lines.push({ level, fields, message });
    };
  }
}

export const webhookAt = (url: string) => webhookDestination({ url, secret: SECRET, allowPrivate: true });
export const ingestAt = (url: string) => ingestDestination({ url, token: TOKEN });

/** An event sink with short pauses between attempts. */
export function sinkWith(options: Partial<OutboxSinkOptions> & Pick<OutboxSinkOptions, "directory" | "destinations">) {
  return openEventSink({
    jobId: JOB.jobId,
    clock: { wallTime: () => new Date() },
    log: new MemoryLog(),
    userAgent: "meetbot-discord/test",
    firstPauseMs: 1,
    ...options,
  });
}
