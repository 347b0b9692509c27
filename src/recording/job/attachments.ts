import PQueue from "p-queue";
import { messageOf } from "../../errors.ts";
import { ATTACHMENT_TYPE, attachmentFileName, shownFileName } from "../../session/job-files.ts";
import { boundedName } from "../../text/safe-text.ts";
import type { ChatEventBody, ChatSource } from "../ports/chat.ts";
import type { Spool, SpooledFile } from "../ports/spool.ts";
import type { JobJournal } from "./job-journal.ts";

/** Files at the same time; more would compete with the audio for the network. */
const CONCURRENCY = 2;
/** For one file. */
const DEADLINE_MS = 60_000;
/** For those that are under way when the call ends. */
const CLOSING_DEADLINE_MS = 10_000;
/** More are not fetched in one job: each is remembered, so that an edit does not fetch it again. */
const MAX_FILES = 10_000;

export interface AttachmentLimits {
  readonly maxFileBytes: number;
  readonly maxTotalBytes: number;
  /** So much of the spool's disk is left to the audio. */
  readonly keepFreeBytes: number;
}

export interface AttachmentsOptions extends AttachmentLimits {
  readonly source: Pick<ChatSource, "fetchAttachment">;
  readonly spool: Spool;
  readonly journal: JobJournal;
  /** Whether what this person has attached may still be fetched. */
  readonly mayKeep: (userId: string) => boolean;
  readonly onFetched: (file: SpooledFile) => void;
  readonly warn: (code: string, text: string) => void;
}

type Message = ChatEventBody & { readonly type: "message.create" | "message.update" };
type Attachment = Message["attachments"][number];
type SizedAttachment = Attachment & { readonly bytes: number };

/** Fetches what people attach to messages, in the background, as far as the limits allow. Never throws. */
export class Attachments {
  readonly #options: AttachmentsOptions;
  readonly #queue = new PQueue({ concurrency: CONCURRENCY });
  readonly #closing = new AbortController();
  readonly #seen = new Set<string>();
  /** Bytes of what is fetched or waits, by what Discord says of it. */
  #totalBytes = 0;

  constructor(options: AttachmentsOptions) {
    this.#options = options;
  }

  /** Fetches what the message has attached, once. */
  add(event: ChatEventBody): void {
    if (event.type !== "message.create" && event.type !== "message.update") return;
    const forwarded = event.forwarded?.flatMap(({ attachments }) => attachments) ?? [];
    for (const attachment of [...event.attachments, ...forwarded]) {
      if (this.#seen.has(attachment.id)) continue;
      this.#seen.add(attachment.id);
      if (!isSized(attachment)) {
        this.#warn(attachment, "Discord does not say how large it is");
        continue;
      }
      const refusal = this.#refusal(attachment);
      if (refusal === undefined) this.#fetchLater(event, attachment);
      else this.#warn(attachment, refusal);
    }
  }

  /** Waits a few seconds for those under way, then gives them up. Idempotent. */
  async close(): Promise<void> {
    const timer = setTimeout(() => this.abort(), CLOSING_DEADLINE_MS);
    await this.#queue.onIdle();
    clearTimeout(timer);
  }

  /** Gives up at once. */
  abort(): void {
    this.#closing.abort(new Error("the call was over before it was there"));
  }

  #refusal({ id, bytes }: SizedAttachment): string | undefined {
    const { maxFileBytes, maxTotalBytes } = this.#options;
    if (!/^\d{1,20}$/.test(id)) return "its id is none of Discord's";
    if (bytes > maxFileBytes) return `it has ${bytes} bytes, and one file may have at most ${maxFileBytes}`;
    if (this.#totalBytes + bytes > maxTotalBytes)
      return `all attachments of a job together may have at most ${maxTotalBytes} bytes`;
    if (this.#seen.size > MAX_FILES) return `a job may have at most ${MAX_FILES} attachments`;
    return undefined;
  }

  #fetchLater(message: Message, attachment: SizedAttachment): void {
    this.#totalBytes += attachment.bytes;
    void this.#queue.add(async () => {
      try {
        await this.#fetch(message, attachment);
      } catch (error) {
        this.#totalBytes -= attachment.bytes;
        this.#warn(attachment, messageOf(error));
      }
    });
  }

  async #fetch(message: Message, { id, filename, contentType, bytes, url }: SizedAttachment): Promise<void> {
    const { source, spool, journal, onFetched, keepFreeBytes, mayKeep } = this.#options;
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(DEADLINE_MS)]);
    if ((await spool.freeBytes()) - bytes < keepFreeBytes) throw new Error("the spool's disk has no room for it");
    signal.throwIfAborted();
    const shown = shownFileName(filename);
    const name = attachmentFileName(id, shown);
    const content = mayKeep(message.author.id) ? await source.fetchAttachment(url, bytes, signal) : undefined;
    // They may have said no meanwhile.
    if (content === undefined || !mayKeep(message.author.id)) return;
    // Written at once and whole: what is cut off leaves no file.
    const file = await spool.write(name, content);
    journal.note({
      type: "file",
      contentType: ATTACHMENT_TYPE,
      file: { name, bytes: file.bytes, sha256: file.sha256 },
      attachment: { id, messageId: message.id, filename: shown, contentType: contentType && boundedName(contentType) },
    });
    onFetched(file);
  }

  #warn({ id, filename }: Attachment, reason: string): void {
    this.#options.warn(
      "attachment_not_stored",
      `the attachment ${id} ${JSON.stringify(shownFileName(filename))} is not stored: ${reason}`,
    );
  }
}

function isSized(attachment: Attachment): attachment is SizedAttachment {
  return attachment.bytes !== null;
}
