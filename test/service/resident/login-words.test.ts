import { expect, it } from "vitest";
import { LoginWords } from "../../../src/service/resident/login-words.ts";

/** Bots by id, with what they have left of 1,000 logins. */
function words(left: Readonly<Record<string, number>>): LoginWords {
  const of = async (botId: string) => {
    const logins = left[botId] ?? 0;
    return { botId, total: 1_000, left: logins, resetAt: 0, lastDay: 0, forNewCalls: Math.max(0, logins - 50) };
  };
  return new LoginWords({ of }, async (botId) => `bot ${botId}`);
}

it("The first bot's logins are shown, and those of others that have few.", async () => {
  expect(await words({ a: 990, b: 900, c: 120 }).sentences(["a", "b", "c"])).toEqual([
    "bot a has 990 of its 1000 logins of the day at Discord left.",
    "bot c has 120 of its 1000 logins of the day at Discord left.",
  ]);
});

it("A bot that has only its reserve left is refused in a sentence with the time of new logins.", async () => {
  expect(await words({ a: 51 }).refusal("a")).toBeUndefined();
  expect(await words({ a: 50 }).refusal("a")).toMatch(/^The bot has used up its logins.*1970-01-01T00:00:00.000Z\.$/);
});
