import { EXIT_REASONS } from "../../../session/exit.ts";
import type { Decision, Obstacle } from "./decide.ts";
import { plain } from "./markdown.ts";
import { cannotPostSentence, choiceSentence } from "./pool-choice.ts";
import { type KnownPlaces, ruleSentence, staleParts, starterWords } from "./rule-words.ts";
import { rulesFor } from "./rules.ts";
import type { Situation } from "./situation.ts";

/** The decision about a channel in plain sentences, for `/record why`. Pure. */

export interface ExplainOptions {
  readonly known: KnownPlaces;
  readonly invite: (botId: string) => string;
}

/** Lines of Discord's Markdown. */
export function explain(decision: Decision, situation: Situation, options: ExplainOptions): string[] {
  const { channel } = situation;
  if (decision.kind === "no_rule") {
    const off = decision.off.map((rule) => `This rule is off: ${ruleSentence(rule)}`);
    return [`No rule records <#${channel.id}>. Add one with \`/record settings\`.`, ...off];
  }
  const { rule } = decision;
  const others = rulesFor(situation.rules, channel).filter(({ id }) => id !== rule.id);
  return [
    `**${verdict(decision, situation, options)}**`,
    `The rule: ${ruleSentence(rule)}`,
    ...staleParts(rule, options.known),
    ...postLine(situation),
    ...others.map((other) => `Another rule for it: ${ruleSentence(other)}`),
    ...replacedLine(situation),
  ];
}

function verdict(
  decision: Exclude<Decision, { kind: "no_rule" }>,
  situation: Situation,
  options: ExplainOptions,
): string {
  if (decision.kind === "start") return "The recording starts now.";
  const sentence = obstacleSentence(decision.obstacle, decision, situation, options);
  return decision.obstacle.kind === "recorded_already" ? sentence : `Not recorded now. ${sentence}`;
}

function obstacleSentence(
  obstacle: Obstacle,
  { rule }: Exclude<Decision, { kind: "no_rule" }>,
  { channel }: Situation,
  { invite }: ExplainOptions,
): string {
  switch (obstacle.kind) {
    case "recorded_already":
      return obstacle.call.origin === "rule"
        ? "It is being recorded now, because of a rule."
        : "It is being recorded now, because somebody gave the command. The rule starts no second recording, and does not end this one.";
    case "too_few":
      return `${people(obstacle.people)} in the channel; the rule needs ${rule.fromPeople}. Bots are not counted.`;
    case "no_starter":
      return `Nobody is in the channel who starts it: ${starterWords(rule)}.`;
    case "quiet":
      return `The rule's quiet hours end ${time(obstacle.until)}.`;
    case "settling":
      return "It starts in two seconds, if people stay.";
    case "paused": {
      const { pause } = obstacle;
      if (pause.kind === "failed") {
        return `The last try failed ${time(pause.endedAt)}: ${plain(pause.detail)}. The next one is ${time(pause.until)}.`;
      }
      const { sentence } = EXIT_REASONS[pause.how];
      return `The last recording ended ${time(pause.endedAt)}: ${sentence} The rule waits until everybody has left the channel once.`;
    }
    case "no_bot":
      return choiceSentence(obstacle.choice, channel.id, invite);
  }
}

/** A recording starts without a panel too. Then people do not know. */
function postLine({ bots, channel }: Situation): string[] {
  const silent = bots.find(({ isMember, missingToPost }) => isMember && missingToPost.length > 0);
  return silent === undefined ? [] : [cannotPostSentence(silent, channel.id)];
}

function replacedLine({ rules, channel }: Situation): string[] {
  const applying = rulesFor(rules, channel);
  const wider = rulesFor(
    rules.filter((rule) => !applying.includes(rule)),
    channel,
  );
  const kind = applying[0]?.target.kind === "channel" ? "channel" : "category";
  return wider.length === 0 ? [] : [`Rules for the ${kind} replace wider ones: ${wider.map(ruleSentence).join(" ")}`];
}

/** Each reader sees it in their own time zone. */
function time(at: number): string {
  return `<t:${Math.floor(at / 1_000)}:t>`;
}

function people(count: number): string {
  if (count === 0) return "Nobody is";
  return count === 1 ? "1 person is" : `${count} people are`;
}
