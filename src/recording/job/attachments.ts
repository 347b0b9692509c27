import PQueue from "p-queue";
import { messageOf } from "../../errors.ts";
import { ATTACHMENT_TYPE, attachmentFileName, shownFileName } from "../../session/job-files.ts";
import { boundedName } from "../../text/safe-text.ts";
import type { ChatEventBody, ChatSource } from "../ports/chat.ts";
import type { Spool, SpooledFile } from "../ports/spool.ts";
import type { JobJournal } from "./job-journal.ts";

/** Concurrent downloads; more would compete with the audio for the network. */
const CONCURRENCY = 2;
/** Time limit for one file. */
const DEADLINE_MS = 60_000;
/** Time for downloads that are running when the call ends. */
const CLOSING_DEADLINE_MS = 10_000;
/** Maximum per job. Each file is remembered, which keeps an edit from fetching it again. */
const MAX_FILES = 10_000;

export interface AttachmentLimits {
  readonly maxFileBytes: number;
  readonly maxTotalBytes: number;
  /** Disk space that is reserved for the audio. */
  readonly keepFreeBytes: number;
}

export interface AttachmentsOptions extends AttachmentLimits {
  readonly source: Pick<ChatSource, "fetchAttachment">;
  readonly spool: Spool;
  readonly journal: JobJournal;
  /** Whether this person's attachments may still be fetched. */
  readonly mayKeep: (userId: string) => boolean;
  readonly onFetched: (file: SpooledFile) => void;
  readonly warn: (code: string, text: string) => void;
}

type Message = ChatEventBody & { readonly type: "message.create" | "message.update" };
type Attachment = Message["attachments"][number];
type SizedAttachment = Attachment & { readonly bytes: number };

/** Fetches attachments in the background, within the limits. Never throws. */
export class Attachments {
  readonly #options: AttachmentsOptions;
  readonly #queue = new PQueue({ concurrency: CONCURRENCY });
  readonly #closing = new AbortController();
  readonly #seen = new Set<string>();
  /** Total size of running and waiting downloads, as announced by Discord. */
  #totalBytes = 0;

  constructor(options: AttachmentsOptions) {
    this.#options = options;
  }

  /** Fetches the message's attachments, once each. */
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

  /** Waits a few seconds for running downloads, then cancels them. Idempotent. */
  async close(): Promise<void> {
    const timer = setTimeout(() => this.abort(), CLOSING_DEADLINE_MS);
    await this.#queue.onIdle();
    clearTimeout(timer);
  }

  /** Cancels all downloads at once. */
  abort(): void {
    this.#closing.abort(new Error("the call was over before it was there"));
  }

  #refusal({ id, bytes }: SizedAttachment): string | undefined {
    const { maxFileBytes, maxTotalBytes } = this.#options;
    if (!/^\d{1,20}$/.test(id)) return "its id is not Discord's";
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
    // The author may have declined meanwhile.
    if (content === undefined || !mayKeep(message.author.id)) return;
    // The file is written in one piece, so a cut-off download leaves no file.
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
