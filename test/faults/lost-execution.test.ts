import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { expectEveryPacket, expectVerified } from "../support/judge.ts";
import { person, toneCall } from "../support/tone-call.ts";
import { type Recorded, recordFixture, saidIn, soundOf } from "../support/worker.ts";

const ALICE = person(1);
const BOB = person(2);
const EXECUTE_TRANSITION = 22;

/** Two people talk all the while. */
const talk = (seconds: number) =>
  toneCall(
    [ALICE, BOB].map((user, index) => ({
      user,
      leavesAtMs: seconds * 1_000,
      speaksFromMs: index * 10,
      packetCount: seconds * 50 - 10,
    })),
  );

const countOf = ({ log }: Pick<Recorded, "log">, wanted: string) => log.filter(({ kind }) => kind === wanted).length;

describe.concurrent("opcode 22 that never arrives", () => {
  it("at the bot loses nothing: others change their keys, and both are tried", async () => {
    const fixture = talk(16);
    const recorded = await recordFixture(fixture, {
      during: async (worker, { faults }) => {
        await worker.until("state: recording");
        await sleep(1_000);
        faults.dropOpcode(EXECUTE_TRANSITION);
        faults.forceEpoch();
        await sleep(12_000);
        faults.forceEpoch();
      },
    });
    expect(recorded).toMatchObject({ exitCode: 0, manifest: { gaps: [], warnings: [] } });
    expect(countOf(recorded, "dave_left_group")).toBe(0);
    await expectEveryPacket(fixture, recorded);
    await expectVerified(recorded);
  });

  it("at anyone is waited for until the old keys end, and then the group is joined again", async () => {
    const fixture = talk(20);
    let leftAtOnce = 0;
    const recorded = await recordFixture(fixture, {
      during: async (worker, loopback) => {
        const { faults } = loopback;
        await worker.until("state: recording");
        await sleep(1_000);
        faults.delayExecute(3_600_000);
        faults.forceEpoch();
        await sleep(8_000);
        leftAtOnce = countOf(loopback, "dave_left_group");
        while (countOf(loopback, "dave_left_group") === 0) await sleep(50);
        faults.delayExecute(200);
      },
    });
    expect(recorded).toMatchObject({ exitCode: 0, manifest: { exitReason: "alone_in_room", gaps: [], warnings: [] } });
    expect([leftAtOnce, countOf(recorded, "dave_left_group"), countOf(recorded, "voice_identify")]).toEqual([0, 1, 1]);
    for (const { id } of [ALICE, BOB]) {
      const said = saidIn(fixture, id).map(({ hex }) => hex);
      const heard = (await soundOf(recorded, id)).map(({ hex }) => hex);
      expect(heard.slice(-50)).toEqual(said.slice(-50));
      // From the end of the old keys to the group that is joined again.
      expect(said.length - heard.length).toBeLessThan(100);
    }
    await expectVerified(recorded);
  });
});
