import { createHash } from "node:crypto";
import type { Log } from "../../log.ts";
import { manifestSchema } from "../../session/manifest.ts";
import type { JobRow } from "../domain/job-row.ts";
import type { Clock } from "../ports/clock.ts";
import { type Recordings, StorageUnavailableError } from "../ports/recordings.ts";
import type { CallWithJob, EndMessageRow, ResidentStore } from "../ports/resident.ts";
import type { SharedLinks } from "../shared-link/shared-links.ts";
import { type EndedCall, endMessage } from "./domain/end-message.ts";

/** A message of the resident. Discord posts only one of several with the same nonce (`enforce_nonce`). */
export interface OneMessage {
  readonly content: string;
  /** At most 25 characters, as Discord takes them. */
  readonly nonce: string;
}

export type SendResult =
  | { readonly kind: "sent"; readonly messageId: string }
  /** Nobody can be written to there: the person takes no direct messages, or the channel is gone. */
  | { readonly kind: "refused" }
  | { readonly kind: "later"; readonly retryAfterMs: number };

/** Sends with the resident's bot. Mentions notify nobody, and links are not previewed. */
export interface EndMessenger {
  toUser(userId: string, message: OneMessage): Promise<SendResult>;
  toChannel(channelId: string, message: OneMessage): Promise<SendResult>;
}

export interface EndMessagesOptions {
  readonly store: { readonly resident: Pick<ResidentStore, "dueEndMessages" | "noteEndMessage"> };
  readonly links: Pick<SharedLinks, "make">;
  readonly recordings: Pick<Recordings, "open">;
  readonly messenger: EndMessenger;
  readonly clock: Clock;
  readonly log: Log;
}

const AT_ONCE = 10;
const NONCE_CHARACTERS = 25;
const RETRY_MS = 30_000;
/** A message that could not be sent for an hour is not news any more. The link is in /record list. */
const MAX_ATTEMPTS = 120;

/** Sends the messages at the end of calls. Each is a row, so a restart neither loses nor repeats one. */
export class EndMessages {
  readonly #options: EndMessagesOptions;
  #running: Promise<void> | undefined;

  constructor(options: EndMessagesOptions) {
    this.#options = options;
  }

  /** Sends what is due. Call it every few seconds, and when a job has changed; a call while it works does nothing. */
  async tick(): Promise<void> {
    this.#running ??= this.#sendDue().finally(() => {
      this.#running = undefined;
    });
    await this.#running;
  }

  async #sendDue(): Promise<void> {
    const { store, clock, log } = this.#options;
    for (const message of await store.resident.dueEndMessages(clock.now(), AT_ONCE)) {
      const { jobId, target } = message;
      try {
        await store.resident.noteEndMessage(message, await this.#send(message));
      } catch (error) {
        log.error({ err: error, jobId, target }, "the message at the end of a call could not be sent");
        await store.resident.noteEndMessage(message, this.#later(message, RETRY_MS));
      }
    }
  }

  async #send(message: EndMessageRow & CallWithJob) {
    const { messenger, log } = this.#options;
    const { jobId, target, address } = message;
    const sent = { content: endMessage(await this.#callOf(message)), nonce: nonceOf(jobId, target) };
    const result = await (target === "starter" ? messenger.toUser(address, sent) : messenger.toChannel(address, sent));
    switch (result.kind) {
      case "sent":
        return { state: "sent", messageId: result.messageId } as const;
      case "refused":
        log.info({ jobId, target }, "nobody can be written to at the end of this call");
        return { state: "refused" } as const;
      case "later":
        return this.#later(message, result.retryAfterMs);
    }
  }

  #later({ attempts }: EndMessageRow, afterMs: number) {
    if (attempts + 1 >= MAX_ATTEMPTS) return { state: "refused" } as const;
    return { state: "waiting", nextAt: this.#options.clock.now() + Math.max(afterMs, 1_000) } as const;
  }

  /** Makes the link too: the same one again if a service ended before it noted that the message was sent. */
  async #callOf({ call, job, target, address }: EndMessageRow & CallWithJob): Promise<EndedCall> {
    const recording = await this.#recordingOf(job);
    const { voiceChannelId, title, guildId } = call;
    const isStarter = target === "starter";
    const madeFor = isStarter ? `user:${address}` : `channel:${address}`;
    const link =
      recording === null
        ? null
        : await this.#options.links.make({ jobId: job.id, guildId, madeFor, mayDelete: isStarter });
    const { failureCode, failureDetail } = job;
    const failure = failureCode === null ? null : { code: failureCode, detail: failureDetail ?? failureCode };
    return { voiceChannelId, title, failure, recording, link };
  }

  async #recordingOf(job: JobRow): Promise<EndedCall["recording"]> {
    if (job.manifestUri === null || job.deletedAt !== null) return null;
    const opened = await this.#options.recordings.open(job);
    const { data } = manifestSchema.safeParse(opened?.manifest);
    if (data === undefined) throw new StorageUnavailableError("the recording's manifest cannot be read");
    const { durationSeconds, speakers, warnings } = data;
    return {
      durationSeconds,
      speakers: speakers.map(({ displayName }) => displayName),
      warnings: warnings.map(({ text }) => text),
    };
  }
}

/** The same after a restart, and another one for each message. */
function nonceOf(jobId: string, target: string): string {
  return createHash("sha256").update(`${jobId} ${target}`).digest("base64url").slice(0, NONCE_CHARACTERS);
}
