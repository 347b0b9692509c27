import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { choiceSentence, chooseBot, type PoolBot } from "../../../../src/service/resident/domain/pool-choice.ts";

const channel = (number: number) => `20000000000000000${number}`;
const poolBot = (number: number, changes: Partial<PoolBot> = {}): PoolBot => ({
  ...{
    botId: `50000000000000000${number}`,
    name: `Recorder ${number}`,
    isMember: true,
    missing: [],
    missingToPost: [],
    voiceChannelId: null,
  },
  ...changes,
});
const call = (bot: number, inChannel: number) => ({
  ...{ jobId: `job_${bot}`, botId: poolBot(bot).botId, voiceChannelId: channel(inChannel) },
});
const invite = (botId: string) => `https://invite/${botId}`;

describe("the choice of a bot", () => {
  it("takes the first that is free, and the next one for another channel", () => {
    const bots = [poolBot(1), poolBot(2)];
    expect(chooseBot(bots, [], channel(1))).toMatchObject({ kind: "free", bot: poolBot(1) });
    expect(chooseBot(bots, [call(1, 1)], channel(2))).toMatchObject({ kind: "free", bot: poolBot(2) });
    expect(chooseBot(bots, [call(1, 1)], channel(1))).toMatchObject({ kind: "recorded_already" });
  });

  it("says which calls occupy the bots, and which bot could be added", () => {
    const choice = chooseBot([poolBot(1), poolBot(2, { isMember: false })], [call(1, 1)], channel(2));
    if (choice.kind === "free") throw new TypeError("no bot is free");
    expect(choiceSentence(choice, channel(2), invite)).toBe(
      `The bot records in <#${channel(1)}>. A bot can be in one voice channel of a server at a time. To record a further channel, add Recorder 2: https://invite/${poolBot(2).botId}`,
    );
  });

  it("leaves a bot where another program uses it", () => {
    const choice = chooseBot([poolBot(1, { voiceChannelId: channel(5) })], [], channel(2));
    expect(choice).toMatchObject({ kind: "elsewhere" });
    // A bot that was left behind in the channel itself can be used there.
    expect(chooseBot([poolBot(1, { voiceChannelId: channel(2) })], [], channel(2))).toMatchObject({ kind: "free" });
  });

  it("is always a member that may join and has no call; every other answer is a sentence", () => {
    const bots = fc
      .array(
        fc.record({
          isMember: fc.boolean(),
          missing: fc.subarray(["Connect", "View Channel"]),
          voiceChannelId: fc.constantFrom(null, channel(1), channel(2)),
        }),
        { maxLength: 4 },
      )
      .map((all) => all.map((each, number) => poolBot(number, each)));
    const calls = fc
      .uniqueArray(fc.integer({ min: 0, max: 3 }))
      .map((all) => all.map((number) => call(number, number + 2)));
    fc.assert(
      fc.property(bots, calls, (pool, live) => {
        const choice = chooseBot(pool, live, channel(1));
        if (choice.kind === "free") {
          expect(choice.bot).toMatchObject({ isMember: true, missing: [] });
          expect(live.some(({ botId }) => botId === choice.bot.botId)).toBe(false);
        } else expect(choiceSentence(choice, channel(1), invite)).toMatch(/\.$|https:\/\/invite\/\d+$/);
      }),
    );
  });
});
