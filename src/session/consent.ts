/**
 * Who may be recorded, by what the job asks for and what people have answered. Pure; times are on the session clock.
 *
 * - `none`: the recorder posts no notice.
 * - `notice`: everybody gets a notice.
 * - `opt-out`: everybody gets a notice and may say no.
 * - `opt-in`: only those who have said yes are recorded, bots not either.
 *
 * A no counts in each of them: people can be asked at any time.
 */
export const CONSENT_MODES = ["none", "notice", "opt-out", "opt-in"] as const;
export type ConsentMode = (typeof CONSENT_MODES)[number];

/** What is known of a person's consent. `not_asked`: no message with buttons was posted. */
export const CONSENT_STATES = ["granted", "declined", "unanswered", "not_asked"] as const;
export type ConsentState = (typeof CONSENT_STATES)[number];

interface Answer {
  readonly granted: boolean;
  readonly atMs: number;
}

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The answers of one call. Each holds until the next one of the same person, whether they are in the call or not. */
export class Consents {
  mode: ConsentMode = "none";
  /** Whether people could answer: a message with buttons was posted. */
  asked = false;
  readonly #answers = new Map<string, Answer[]>();

  /** @param atMs not before that of the person's last answer */
  answer(userId: string, granted: boolean, atMs: number): void {
    const answers = this.#answers.get(userId) ?? [];
    this.#answers.set(userId, [...answers, { granted, atMs }]);
  }

  /** Their last word; undefined if there is none. */
  granted(userId: string): boolean | undefined {
    return this.#answers.get(userId)?.at(-1)?.granted;
  }

  stateOf(userId: string): ConsentState {
    const granted = this.granted(userId);
    if (granted === undefined) return this.asked ? "unanswered" : "not_asked";
    return granted ? "granted" : "declined";
  }

  /**
   * Whether something of theirs may be kept: at the time that it is from, and now. What is on its way when an answer
   * comes falls under the stricter one.
   */
  mayKeep(userId: string, fromMs: number): boolean {
    const then = this.#answers.get(userId)?.findLast(({ atMs }) => atMs <= fromMs)?.granted;
    return (then ?? this.#unanswered) && (this.granted(userId) ?? this.#unanswered);
  }

  /** When they were in the call but not recorded, because they had not consented. */
  withheld(userId: string, present: readonly Span[]): Span[] {
    const answers = [{ granted: this.#unanswered, atMs: 0 }, ...(this.#answers.get(userId) ?? [])];
    const refusals = answers.flatMap(({ granted, atMs }, index) =>
      granted ? [] : [{ fromMs: atMs, toMs: answers[index + 1]?.atMs ?? Number.POSITIVE_INFINITY }],
    );
    const spans = present.flatMap((visit) => refusals.map((refusal) => overlapOf(visit, refusal)));
    return joined(spans.filter(({ fromMs, toMs }) => fromMs < toMs));
  }

  /** What holds for those who have said nothing. */
  get #unanswered(): boolean {
    return this.mode !== "opt-in";
  }
}

function overlapOf(a: Span, b: Span): Span {
  return { fromMs: Math.max(a.fromMs, b.fromMs), toMs: Math.min(a.toMs, b.toMs) };
}

/** In order, and those that touch each other as one: a no after a no changes nothing. */
function joined(spans: readonly Span[]): Span[] {
  const result: Span[] = [];
  for (const span of spans) {
    const last = result.at(-1);
    if (last?.toMs === span.fromMs) result[result.length - 1] = { fromMs: last.fromMs, toMs: span.toMs };
    else result.push(span);
  }
  return result;
}
