import { type AutoRecordRule, stopBelow } from "./rules.ts";

/** When a call that a rule started ends. People who come back in time stay in the same recording. Pure. */

/** A call of a rule that was removed ends with its worker's own rules: when everybody has left. */
const WITHOUT_RULE: Pick<AutoRecordRule, "fromPeople" | "returnSeconds"> = { fromPeople: 1, returnSeconds: 60 };

type EndingRule = Pick<AutoRecordRule, "fromPeople" | "returnSeconds"> | undefined;

export function isTooFew(rule: EndingRule, people: number): boolean {
  return people < stopBelow(rule ?? WITHOUT_RULE);
}

/** When the call is to be ended. Epoch milliseconds. */
export function endsAt(rule: EndingRule, fewSince: number): number {
  return fewSince + (rule ?? WITHOUT_RULE).returnSeconds * 1_000;
}
