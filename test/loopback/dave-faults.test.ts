import { describe, expect, it, onTestFinished } from "vitest";
import type { LoopbackOptions } from "../../src/loopback/loopback.ts";
import { ClientProcess } from "../support/client-process.ts";
import { testLoopback } from "../support/test-loopback.ts";
import { person, saidBy, toneCall } from "../support/tone-call.ts";

const [ALICE, BOB] = [person(1), person(2)];

/** discord.js in a call in which two people speak, by default for three seconds. */
async function listen(options: Partial<LoopbackOptions> = {}, packetCount = 150) {
  const fixture = toneCall([
    { user: ALICE, speaksFromMs: 0, packetCount },
    { user: BOB, speaksFromMs: 0, packetCount },
  ]);
  const loopback = await testLoopback({ fixture, ...options });
  const client = new ClientProcess("discord-js.mjs", loopback.environment);
  onTestFinished(() => client.kill());
  const heardOf = (userId: string) => client.heard(userId).map((opus) => saidBy(fixture, userId).indexOf(String(opus)));
  return { fixture, loopback, client, heardOf };
}

const transitionsOf = (client: ClientProcess) => client.lines.filter(({ type }) => type === "transitioned");

describe("an epoch", () => {
  it("can be forced, repeatedly, without any loss", async () => {
    const { loopback, client, heardOf } = await listen();
    await client.until(() => heardOf(ALICE.id).length > 5);
    for (let round = 1; round <= 4; round += 1) {
      const before = transitionsOf(client).length;
      loopback.faults.forceEpoch();
      await client.until(() => transitionsOf(client).length > before);
    }
    await loopback.played;
    for (const { id } of [ALICE, BOB]) {
      await client.until(() => heardOf(id).length >= 150);
      expect(heardOf(id)).toEqual(Array.from({ length: 150 }, (_, index) => index));
      expect(loopback.decryptableOf(id).size).toBe(150);
    }
  });

  it("whose commit gets lost leaves the bot without keys until it founds a new group", async () => {
    const { loopback, client, heardOf } = await listen({}, 250);
    await client.until(() => heardOf(ALICE.id).length > 5);
    loopback.faults.loseCommit();
    loopback.faults.forceEpoch();
    await loopback.played;
    await client.until(() => heardOf(ALICE.id).at(-1) === 249);
    expect(loopback.sentOf(ALICE.id).size).toBe(250);
    // discord.js gives up the group after 36 failures in a row, of both speakers together.
    expect(heardOf(ALICE.id).length).toBeLessThan(250 - 10);
  });
});

describe("speakers", () => {
  it("stay in the old epoch for a while, and are still heard", async () => {
    const { loopback, client, heardOf } = await listen();
    await client.until(() => heardOf(ALICE.id).length > 5);
    loopback.faults.senderKeepsOldEpoch(500);
    const before = transitionsOf(client).length;
    loopback.faults.forceEpoch();
    await client.until(() => transitionsOf(client).length > before);
    await loopback.played;
    for (const { id } of [ALICE, BOB]) {
      await client.until(() => heardOf(id).length >= 150);
      expect(heardOf(id)).toEqual(Array.from({ length: 150 }, (_, index) => index));
    }
  });

  it("encrypt for a while with a key that nobody has", async () => {
    const { loopback, client, heardOf } = await listen();
    await client.until(() => heardOf(ALICE.id).length > 5);
    loopback.faults.undecryptable(200, [ALICE.id]);
    await loopback.played;
    const decryptable = [...loopback.decryptableOf(ALICE.id)];
    await client.until(() => heardOf(ALICE.id).at(-1) === decryptable.at(-1) && heardOf(BOB.id).length === 150);
    expect(heardOf(ALICE.id)).toEqual(decryptable);
    expect(loopback.sentOf(ALICE.id).size).toBe(150);
    expect(decryptable.length).toBeLessThan(150);
  });

  it("are not sent to a bot that is deafened", async () => {
    const { loopback, client, heardOf } = await listen();
    await client.until(() => heardOf(ALICE.id).length > 5);
    const statesOf = () =>
      client.lines.filter(({ type, userId }) => type === "voiceState" && userId === loopback.botUserId);
    const states = statesOf().length;
    loopback.faults.deafenBot(true);
    const before = loopback.sentOf(ALICE.id).size;
    await client.until(() => statesOf().length > states);
    await new Promise((resolve) => setTimeout(resolve, 100));
    loopback.faults.deafenBot(false);
    await loopback.played;
    await client.until(() => heardOf(ALICE.id).at(-1) === 149);
    expect(loopback.sentOf(ALICE.id).has(before)).toBe(false);
    expect(heardOf(ALICE.id)).toEqual([...loopback.sentOf(ALICE.id)]);
  });
});

describe("the protocol", () => {
  it("drops to version 0 and returns in the middle of the call, and discord.js follows", async () => {
    const { loopback, client, heardOf } = await listen({}, 200);
    await client.until(() => heardOf(ALICE.id).length > 5);
    const transitions = () => transitionsOf(client).length;
    let before = transitions();
    loopback.faults.downgradeDave();
    await client.until(() => transitions() > before);
    before = transitions();
    loopback.faults.upgradeDave();
    await client.until(() => transitions() > before);
    await loopback.played;
    for (const { id } of [ALICE, BOB]) {
      await client.until(() => heardOf(id).at(-1) === 199);
      expect(loopback.decryptableOf(id).size).toBe(200);
      const heard = heardOf(id);
      expect(heard).toEqual(heard.toSorted((a, b) => a - b));
      // The library loses what is said in the clear between its welcome and the end of the transition. How long that
      // takes depends on the machine, but it happens once, so what is lost is one run of packets.
      const lost = Array.from({ length: 200 }, (_, index) => index).filter((index) => !heard.includes(index));
      const [first = 0] = lost;
      expect(lost).toEqual(lost.map((_, index) => first + index));
    }
    expect(client.lines.filter(({ type }) => type === "error")).toEqual([]);
  });
});
