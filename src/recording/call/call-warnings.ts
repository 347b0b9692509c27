import { messageOf } from "../../errors.ts";
import type { JobRecord } from "../job/job-record.ts";

/** The most characters of a name in a warning; this is Discord's limit for display names. */
const MAX_NAME_LENGTH = 32;

/** The warnings that are given once per call, however many packets or messages cause them. */
export class CallWarnings {
  readonly #record: Pick<JobRecord, "people" | "warnings">;
  readonly #warn: (code: string, text: string) => void;
  #hasRefusedChat = false;
  #hasLeftOutChat = false;
  /** Speakers who sent more audio than time has passed. */
  readonly #excessive = new Set<string>();

  constructor(record: Pick<JobRecord, "people" | "warnings">, warn: (code: string, text: string) => void) {
    this.#record = record;
    this.#warn = warn;
  }

  partRefused(userId: string, error: unknown): void {
    this.#part(`the local disk refused a file of ${this.#nameOf(userId)}`, error);
  }

  partNotBegun(userId: string, error: unknown): void {
    this.#part(`a file of ${this.#nameOf(userId)} could not be begun`, error);
  }

  malformedChat(reason: string): void {
    if (this.#hasRefusedChat) return;
    this.#hasRefusedChat = true;
    const text = `Discord sent a chat event of an unknown shape, which was left out (${reason})`;
    this.#warn("chat_event_malformed", text);
  }

  tooMuchChat(): void {
    if (this.#hasLeftOutChat) return;
    this.#hasLeftOutChat = true;
    this.#warn("chat_event_too_large", "more chat came at once than the local disk takes; some of it was left out");
  }

  /** One warning per speaker, because only their packets are missing. */
  excess(userId: string): void {
    if (this.#excessive.has(userId)) return;
    this.#excessive.add(userId);
    const text = `${this.#nameOf(userId)} sends audio faster than real time, or with timestamps that jump; what does not fit into the time is not recorded, and counted as excess`;
    this.#warn("speaker_excess", text);
  }

  #part(what: string, error: unknown): void {
    const reason = messageOf(error).split(",")[0];
    const text = `${what} (${reason}); what is in no file is counted as disk_refused`;
    if (!this.#record.warnings.some((warning) => warning.text === text)) this.#warn("speaker_not_stored", text);
  }

  #nameOf(userId: string): string {
    const displayName = this.#record.people.get(userId)?.displayName ?? "somebody unknown";
    return `${[...displayName.slice(0, 2 * MAX_NAME_LENGTH)].slice(0, MAX_NAME_LENGTH).join("")} (${userId})`;
  }
}
