import { createHash } from "node:crypto";
import { withDeadline } from "../../deadline.ts";
import { messageOf } from "../../errors.ts";
import type { ConsentMode, Consents } from "../../session/consent.ts";
import {
  asksPeople,
  consentButtons,
  NOTICE_TEXTS,
  type NoticeLanguage,
  permissionText,
  startText,
} from "../../session/notice-texts.ts";
import type { SessionEvent } from "../../session/session-events.ts";
import type { Person } from "../../session/shapes.ts";
import type { Announcer, ButtonPress, OutgoingMessage, PostedMessage } from "../ports/announcer.ts";
import type { Clock } from "../ports/clock.ts";

/** The notices that people in the call get. */
export interface ConsentOptions {
  /** The customer's own text for the start. If undefined, the default text is posted. */
  readonly startText: string | undefined;
  readonly endText: string | undefined;
  /** If true, no message is posted at the start or at the end. */
  readonly silentStart: boolean;
  readonly silentEnd: boolean;
  readonly nicknamePrefix: string | undefined;
  /** The language of the default texts and the buttons. */
  readonly language: NoticeLanguage;
  /** A message of the same bot that carries the notice and its buttons already. */
  readonly noticeMessage: PostedMessage | undefined;
  /** The ids of people who answered before the call. */
  readonly answered: { readonly granted: readonly string[]; readonly declined: readonly string[] };
}

type NoticeEvent = Extract<SessionEvent, { type: "notice" }>;

/** What the desk needs from its call. */
export interface ConsentCall {
  readonly consents: Consents;
  consent(person: Person, granted: boolean): void;
  noticePosted(notice: Omit<NoticeEvent, "type" | "atMs">): void;
  /** Called when the spoken notice was played to its end. */
  spoke(): void;
  warning(code: string, text: string): void;
}

export interface ConsentDeskOptions extends ConsentOptions {
  readonly mode: ConsentMode;
  readonly jobId: string;
  /** Whether the chat is recorded. The default texts say so if it is. */
  readonly withChat: boolean;
  readonly clock: Pick<Clock, "sleep">;
  readonly announcer: Announcer;
  /** Speaks the spoken notice; undefined if there is none. */
  readonly speak: (() => Promise<void>) | undefined;
  readonly call: ConsentCall;
  /** Called when a person agrees or declines to be recorded, or changes their mind. */
  readonly onAnswer: (person: Person, granted: boolean) => void;
}

/** How long Discord may take for a request, and a signal that cancels it earlier. */
interface Patience {
  readonly limitMs: number;
  readonly stop: AbortSignal | undefined;
}

interface AskedMessage {
  readonly posted: PostedMessage;
  readonly text: string;
}

/** For a message during the call. */
const POST_LIMIT_MS = 40_000;
/** For the last messages, which the end of the job waits for. */
const END_LIMIT_MS = 5_000;
/** Discord allows at most 100 characters in a button's id. A job's id may be longer. */
const MAX_JOB_ID_LENGTH = 90;

/**
 * Informs people that they are recorded, asks for their consent if the mode needs it, and takes their answers. A notice
 * that cannot be posted is only a warning: the recording continues.
 */
export class ConsentDesk {
  readonly #options: ConsentDeskOptions;
  readonly #closing = new AbortController();
  /** Messages with buttons, which are removed at the end. */
  readonly #asked: AskedMessage[] = [];
  readonly #answeredInCall = new Set<string>();
  readonly #posting = new Set<Promise<unknown>>();
  #startNoticePosted = false;
  #endBegun = false;

  constructor(options: ConsentDeskOptions) {
    this.#options = options;
  }

  /** Takes the answers that were given before the call. Call it before any audio comes. */
  takeEarlierAnswers(): void {
    const { answered, call } = this.#options;
    // Their names are not known before they come.
    const somebody = (id: string): Person => ({ id, username: id, displayName: id, bot: false });
    for (const id of answered.granted) call.consent(somebody(id), true);
    // Last: a person who is in both lists is not recorded.
    for (const id of answered.declined) call.consent(somebody(id), false);
  }

  /**
   * Takes an answer that a person gave elsewhere, such as with a command.
   *
   * @param givenAtMs of the session clock; an answer that they gave in the call since then counts instead
   * @returns false if nothing changed
   */
  answer(person: Person, granted: boolean, givenAtMs = Number.POSITIVE_INFINITY): boolean {
    const { call, onAnswer } = this.#options;
    const lastMs = call.consents.answeredAtMs(person.id) ?? Number.NEGATIVE_INFINITY;
    if (this.#answeredInCall.has(person.id) && lastMs > givenAtMs) return false;
    this.#answeredInCall.add(person.id);
    if (call.consents.granted(person.id) === granted) return false;
    call.consent(person, granted);
    onAnswer(person, granted);
    return true;
  }

  /** Starts to accept answers, and announces that recording starts. Never rejects. */
  async open(): Promise<void> {
    const { announcer, call } = this.#options;
    try {
      await announcer.openButtons((press) => this.#pressed(press));
    } catch (error) {
      call.warning("consent_unavailable", `nobody can answer whether they may be recorded: ${messageOf(error)}`);
    }
    void this.#prefixNickname();
    void this.#speak();
    await this.#announceStart();
  }

  /** The bot was moved to another voice channel. Posts the notice in that channel's own chat and speaks it there. */
  moved(channelId: string): void {
    void this.#speak();
    void this.#announceStart(channelId);
  }

  /**
   * Posts a message with buttons, whatever the mode.
   *
   * @throws MessageError with the reason in a sentence
   */
  async ask(): Promise<PostedMessage> {
    const { mode, withChat, language } = this.#options;
    return await this.#post("permission", { text: permissionText(mode, withChat, language), buttons: this.#buttons });
  }

  /** Stops accepting answers. Idempotent. */
  close(): void {
    this.#options.announcer.closeButtons();
    this.#closing.abort(new Error("the recording is over"));
  }

  /**
   * Announces that the recording has ended, and removes the buttons. Never rejects; only the first call has an effect.
   *
   * @param stop cancels at once
   */
  async announceEnd(stop?: AbortSignal): Promise<void> {
    if (this.#endBegun) return;
    this.#endBegun = true;
    this.close();
    await Promise.allSettled(this.#posting);
    const patience = { limitMs: END_LIMIT_MS, stop };
    await Promise.all([
      this.#postEnd(patience),
      this.#restoreNickname(patience),
      ...this.#asked.map((asked) => this.#removeButtons(asked, patience)),
    ]);
  }

  get #buttons() {
    return consentButtons(jobInId(this.#options.jobId), this.#options.language);
  }

  #pressed({ buttonId, person }: ButtonPress): string | undefined {
    const button = this.#buttons.find(({ id }) => id === buttonId);
    if (button === undefined) return undefined;
    const granted = button.kind === "allow";
    this.answer(person, granted);
    const texts = NOTICE_TEXTS[this.#options.language];
    return granted ? texts.granted : texts.declined;
  }

  async #announceStart(channelId?: string): Promise<void> {
    const { mode, withChat, silentStart, noticeMessage, language } = this.#options;
    if (mode === "none" || silentStart || this.#endBegun) return;
    const asks = asksPeople(mode);
    if (channelId === undefined && noticeMessage !== undefined) {
      this.#startNoticePosted = true;
      this.#options.call.noticePosted({ about: "start", buttons: asks, ...noticeMessage });
      return;
    }
    const text = this.#options.startText ?? startText(mode, withChat, language);
    const message = {
      text,
      ...(asks ? { buttons: this.#buttons } : {}),
      ...(channelId === undefined ? {} : { channelId }),
    };
    await this.#attempt("that it is being recorded", () => this.#post("start", message));
  }

  async #speak(): Promise<void> {
    const { speak, call } = this.#options;
    try {
      if (speak === undefined) return;
      await speak();
      call.spoke();
    } catch (error) {
      // The call may end before the notice has finished playing.
      if (!this.#endBegun) call.warning("notice_not_spoken", `the notice was not spoken: ${messageOf(error)}`);
    }
  }

  async #prefixNickname(): Promise<void> {
    const { nicknamePrefix, announcer, call } = this.#options;
    if (nicknamePrefix === undefined) return;
    const prefixing = this.#inTime((signal) => announcer.prefixNickname(nicknamePrefix, signal));
    this.#posting.add(prefixing);
    try {
      await prefixing;
    } catch (error) {
      call.warning("nickname_not_changed", `the bot's nickname was not changed: ${messageOf(error)}`);
    } finally {
      this.#posting.delete(prefixing);
    }
  }

  async #restoreNickname(patience: Patience): Promise<void> {
    try {
      await this.#inTime((signal) => this.#options.announcer.restoreNickname(signal), patience);
    } catch (error) {
      const text = `the bot's nickname was not restored: ${messageOf(error)}`;
      this.#options.call.warning("nickname_not_restored", text);
    }
  }

  async #postEnd(patience: Patience): Promise<void> {
    const { mode, language, endText = NOTICE_TEXTS[language].end, silentEnd } = this.#options;
    if (mode === "none" || silentEnd || !this.#startNoticePosted) return;
    await this.#attempt("that the recording has ended", () => this.#post("end", { text: endText }, patience));
  }

  async #removeButtons({ posted, text }: AskedMessage, patience: Patience): Promise<void> {
    await this.#attempt("that nobody can answer any more", () =>
      this.#inTime((signal) => this.#options.announcer.edit(posted, { text }, signal), patience),
    );
  }

  async #post(about: NoticeEvent["about"], message: OutgoingMessage, patience?: Patience): Promise<PostedMessage> {
    const { announcer, call } = this.#options;
    const posting = this.#inTime((signal) => announcer.post(message, signal), patience);
    this.#posting.add(posting);
    try {
      const posted = await posting;
      const buttons = message.buttons !== undefined;
      if (about === "start") this.#startNoticePosted = true;
      if (buttons) this.#asked.push({ posted, text: message.text });
      call.noticePosted({ about, buttons, ...posted });
      return posted;
    } finally {
      this.#posting.delete(posting);
    }
  }

  async #inTime<Result>(
    call: (signal: AbortSignal) => Promise<Result>,
    patience: Patience = { limitMs: POST_LIMIT_MS, stop: this.#closing.signal },
  ): Promise<Result> {
    return await withDeadline(call, { what: "Discord", clock: this.#options.clock, ...patience });
  }

  async #attempt(what: string, act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.#options.call.warning("notice_not_posted", `the channel was not informed ${what}: ${messageOf(error)}`);
    }
  }
}

/** The job's id, or its digest if it is too long. It keeps answers to other jobs of the same bot from counting here. */
function jobInId(jobId: string): string {
  return jobId.length <= MAX_JOB_ID_LENGTH ? jobId : createHash("sha256").update(jobId).digest("hex");
}
