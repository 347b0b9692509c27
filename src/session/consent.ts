/**
 * Decides who may be recorded, from the job's mode and people's answers. Pure; times are on the session clock.
 *
 * - `none`: the recorder posts no notice.
 * - `notice`: everyone gets a notice.
 * - `opt-out`: everyone gets a notice and may decline.
 * - `opt-in`: only people who have agreed are recorded, and no bots.
 *
 * A no counts in each of them: people can be asked at any time.
 */
export const CONSENT_MODES = ["none", "notice", "opt-out", "opt-in"] as const;
export type ConsentMode = (typeof CONSENT_MODES)[number];

/** A person's consent. `not_asked`: no message with buttons was posted. */
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

/** The answers of one call. Each is valid until the same person's next one, whether they are in the call or not. */
export class Consents {
  mode: ConsentMode = "none";
  /** Whether people could answer: a message with buttons was posted. */
  asked = false;
  readonly #answers = new Map<string, Answer[]>();

  /** @param atMs not before the time of the person's last answer */
  answer(userId: string, granted: boolean, atMs: number): void {
    const answers = this.#answers.get(userId) ?? [];
    this.#answers.set(userId, [...answers, { granted, atMs }]);
  }

  /** Their last answer; undefined if there is none. */
  granted(userId: string): boolean | undefined {
    return this.#answers.get(userId)?.at(-1)?.granted;
  }

  /** When they gave their last answer; undefined if there is none. */
  answeredAtMs(userId: string): number | undefined {
    return this.#answers.get(userId)?.at(-1)?.atMs;
  }

  stateOf(userId: string): ConsentState {
    const granted = this.granted(userId);
    if (granted === undefined) return this.asked ? "unanswered" : "not_asked";
    return granted ? "granted" : "declined";
  }

  /**
   * Whether a person's data may be kept, both at its own time and now. Data that is in transit when an answer comes
   * follows the stricter rule.
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

  /** The rule for people who have not answered. */
  get #unanswered(): boolean {
    return this.mode !== "opt-in";
  }
}

function overlapOf(a: Span, b: Span): Span {
  return { fromMs: Math.max(a.fromMs, b.fromMs), toMs: Math.min(a.toMs, b.toMs) };
}

/** In order, with adjacent intervals merged, because a repeated no changes nothing. */
function joined(spans: readonly Span[]): Span[] {
  const result: Span[] = [];
  for (const span of spans) {
    const last = result.at(-1);
    if (last?.toMs === span.fromMs) result[result.length - 1] = { fromMs: last.fromMs, toMs: span.toMs };
    else result.push(span);
  }
  return result;
}
