import fc from "fast-check";
import { describe, test } from "vitest";
import { type AutoLeaveOptions, type AutoLeaveReason, decideLeave } from "../../../src/session/leaving/auto-leave.ts";
import {
  type CallFact,
  observe,
  startSnapshot,
  type UnknownReason,
} from "../../../src/session/leaving/call-snapshot.ts";

/**
 * Random calls, against a model that knows nothing of the rules' stopwatches: it looks at each millisecond of the call
 * and counts. Thresholds are a few dozen milliseconds, so that all of them come into play.
 */

const TICK_MS = 5;
const UNKNOWN_REASONS = ["reconnecting", "unheard", "gateway_lost"] as const;
const HUMANS = ["ada", "kenta", "zoe"] as const;
const BOTS = ["jukebox", "dice", "craig"] as const;
const RULES = ["max_duration", "competing_bot", "nobody_joined", "alone_in_room", "silence_timeout"] as const;

const human = fc.constantFrom(...HUMANS);
const bot = fc.constantFrom(...BOTS);
const somebody = fc.oneof(human, bot);
const what = fc.constantFrom(...UNKNOWN_REASONS);
const fact: fc.Arbitrary<CallFact> = fc.oneof(
  human.map((userId) => ({ type: "present", userId, bot: false }) as const),
  bot.map(
    (userId) => ({ type: "present", userId, bot: true, recorder: userId === "craig" ? "id" : undefined }) as const,
  ),
  somebody.map((userId) => ({ type: "left", userId }) as const),
  fc.array(somebody, { maxLength: 3 }).map((userIds) => ({ type: "voices", userIds }) as const),
  what.map((unknown) => ({ type: "unknown", what: unknown }) as const),
  what.map((unknown) => ({ type: "known", what: unknown }) as const),
);
const steps = fc.array(fc.record({ afterMs: fc.nat(40), fact }), { maxLength: 40 });
const threshold = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 90 }));
const options: fc.Arbitrary<AutoLeaveOptions> = fc.record({
  entryDelayMs: threshold,
  soloMs: threshold,
  silenceMs: threshold,
  maxMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 600 })),
  onBotDetected: fc.boolean(),
});

/** Counts milliseconds, one after the other. */
class Model {
  readonly humans = new Set<string>();
  readonly bots = new Set<string>();
  readonly unknown = new Set<UnknownReason>();
  humanSeen = false;
  connectedMs = 0;
  aloneMs = 0;
  quietMs = 0;

  take(fact: CallFact): void {
    switch (fact.type) {
      case "present":
        if (fact.bot) this.bots.add(fact.userId);
        else this.#come(fact.userId);
        return;
      case "left":
        if (this.humans.delete(fact.userId) && this.humans.size === 0) this.aloneMs = 0;
        this.bots.delete(fact.userId);
        return;
      case "voices":
        for (const userId of fact.userIds) this.#hear(userId);
        return;
      case "unknown":
        this.unknown.add(fact.what);
        return;
      case "known":
        this.unknown.delete(fact.what);
    }
  }

  #come(userId: string): void {
    if (this.humans.size === 0) this.quietMs = 0;
    this.humans.add(userId);
    this.humanSeen = true;
  }

  #hear(userId: string): void {
    if (this.bots.has(userId)) return;
    this.quietMs = 0;
    if (!this.humans.has(userId)) this.aloneMs = 0;
  }

  pass(): void {
    this.connectedMs += 1;
    if (this.unknown.size > 0) return;
    this.aloneMs += 1;
    this.quietMs += 1;
  }

  /** Every rule that is due now. */
  due({ entryDelayMs, soloMs, silenceMs, maxMs, onBotDetected }: AutoLeaveOptions): Set<AutoLeaveReason> {
    const due = new Set<AutoLeaveReason>();
    if (maxMs > 0 && this.connectedMs >= maxMs && !this.unknown.has("reconnecting")) due.add("max_duration");
    if (this.unknown.size > 0) return due;
    if (onBotDetected && this.bots.has("craig")) due.add("competing_bot");
    const alone = this.humans.size === 0;
    if (entryDelayMs > 0 && !this.humanSeen && this.aloneMs >= entryDelayMs) due.add("nobody_joined");
    if (soloMs > 0 && this.humanSeen && alone && this.aloneMs >= soloMs) due.add("alone_in_room");
    if (silenceMs > 0 && !alone && this.quietMs >= silenceMs) due.add("silence_timeout");
    return due;
  }
}

interface Moment {
  readonly decided: AutoLeaveReason | undefined;
  readonly due: ReadonlySet<AutoLeaveReason>;
  readonly model: Model;
}

/** Plays a call, and looks at the rules at each tick until one fires. */
function play(
  happenings: readonly { readonly afterMs: number; readonly fact: CallFact }[],
  chosen: AutoLeaveOptions,
  look: (moment: Moment) => void,
): void {
  const model = new Model();
  let snapshot = startSnapshot(0);
  let nowMs = 0;
  const passTo = (untilMs: number): boolean => {
    while (nowMs < untilMs) {
      nowMs += 1;
      model.pass();
      if (nowMs % TICK_MS !== 0) continue;
      const decided = decideLeave(snapshot, nowMs, chosen)?.rule;
      look({ decided, due: model.due(chosen), model });
      if (decided !== undefined) return false;
    }
    return true;
  };
  for (const { afterMs, fact: happened } of happenings) {
    if (!passTo(nowMs + afterMs)) return;
    snapshot = observe(snapshot, happened, nowMs);
    model.take(happened);
  }
  passTo(nowMs + 200);
}

/** As an assertion, so that a failure shows the whole call. */
function expectAlways(holds: (moment: Moment) => boolean): void {
  fc.assert(
    fc.property(steps, options, (happenings, chosen) => {
      let good = true;
      play(happenings, chosen, (moment) => {
        good &&= holds(moment);
      });
      return good;
    }),
    { numRuns: 500 },
  );
}

describe("in any call", () => {
  test("a rule fires within a tick of its time and never early; if several are due, the first in precedence fires", () => {
    expectAlways(({ decided, due }) => decided === RULES.find((rule) => due.has(rule)));
  });

  test("no rule fires while the connection is lost, and only the cap while anything is unknown", () => {
    expectAlways(({ decided, model }) => {
      if (model.unknown.has("reconnecting")) return decided === undefined;
      return model.unknown.size === 0 || decided === undefined || decided === "max_duration";
    });
  });

  test("nobody is alone while a person is present, and silence needs a person", () => {
    expectAlways(({ decided, model }) => {
      if (decided === "alone_in_room" || decided === "nobody_joined") return model.humans.size === 0;
      return decided !== "silence_timeout" || model.humans.size > 0;
    });
  });

  test("bots change only whether there is another recorder", () => {
    fc.assert(
      fc.property(steps, options, (happenings, chosen) => {
        const here = new Set<string>();
        // Bots that come and stay. The voice of a bot that is not there is that of a stranger.
        const known = happenings.flatMap((step) => {
          if (step.fact.type === "present" && step.fact.bot) here.add(step.fact.userId);
          if (step.fact.type === "left" && isBot(step.fact.userId)) return [];
          return [{ ...step, fact: onlyVoices(step.fact, (userId) => !isBot(userId) || here.has(userId)) }];
        });
        const without = known.map((step) => {
          if (step.fact.type === "present" && step.fact.bot) return { ...step, fact: AT_REST };
          return { ...step, fact: onlyVoices(step.fact, (userId) => !isBot(userId)) };
        });
        const deaf = { ...chosen, onBotDetected: false };
        return outcomeOf(known, deaf) === outcomeOf(without, deaf);
      }),
    );
  });

  test("a person who joins in the last moment resets the entry delay and the solo threshold", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 1_000 }), fc.boolean(), (thresholdMs, hadCompany) => {
        const chosen = { entryDelayMs: thresholdMs, soloMs: thresholdMs, silenceMs: 0, maxMs: 0, onBotDetected: false };
        const came = { type: "present", userId: "ada", bot: false } as const;
        let snapshot = startSnapshot(0);
        if (hadCompany) snapshot = observe(observe(snapshot, came, 0), { type: "left", userId: "ada" }, 0);
        const expected = hadCompany ? "alone_in_room" : "nobody_joined";
        const firesAlone = decideLeave(snapshot, thresholdMs, chosen)?.rule === expected;
        snapshot = observe(snapshot, came, thresholdMs - 1);
        const stays = decideLeave(snapshot, thresholdMs * 10, chosen) === undefined;
        snapshot = observe(snapshot, { type: "left", userId: "ada" }, thresholdMs * 10);
        const early = decideLeave(snapshot, thresholdMs * 11 - 1, chosen);
        return (
          firesAlone && stays && early === undefined && decideLeave(snapshot, thresholdMs * 11, chosen) !== undefined
        );
      }),
    );
  });
});

/** Changes nothing. */
const AT_REST: CallFact = { type: "left", userId: "nobody" };

function isBot(userId: string): boolean {
  return BOTS.some((id) => id === userId);
}

function onlyVoices(fact: CallFact, keep: (userId: string) => boolean): CallFact {
  return fact.type === "voices" ? { ...fact, userIds: [...fact.userIds].filter(keep) } : fact;
}

function outcomeOf(...[happenings, chosen]: [Parameters<typeof play>[0], AutoLeaveOptions]): string {
  let ticks = 0;
  let outcome = "stays";
  play(happenings, chosen, ({ decided }) => {
    ticks += 1;
    if (decided !== undefined) outcome = `${decided} ${ticks}`;
  });
  return outcome;
}
