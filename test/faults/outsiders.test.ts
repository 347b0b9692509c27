import { describe, expect, it } from "vitest";
import type { CallFixture } from "../../src/fixture/call-script.ts";
import { expectVerified } from "../support/judge.ts";
import { person, toneCall } from "../support/tone-call.ts";
import { type Recorded, type RecordOptions, recordFixture, saidIn, soundOf } from "../support/worker.ts";

const ALICE = person(1);
const BOB = person(2);
const SECONDS = 16;

/** Bob is there, and quiet after his first second. Alice speaks all the time. */
function aliceSpeaks(alice = ALICE, bobsPackets = 50): CallFixture {
  return toneCall([
    { user: alice, leavesAtMs: SECONDS * 1_000 + 500, speaksFromMs: 0, packetCount: SECONDS * 50 },
    { user: BOB, leavesAtMs: SECONDS * 1_000 + 500, speaksFromMs: 0, packetCount: bobsPackets },
  ]);
}

async function record(fixture: CallFixture, options: RecordOptions) {
  const recorded = await recordFixture(fixture, options);
  const count = (wanted: string) => recorded.log.filter(({ kind }) => kind === wanted).length;
  expect(recorded).toMatchObject({ exitCode: 0, manifest: { exitReason: "alone_in_room", failureCode: null } });
  expect([count("voice_identify"), count("dave_left_group")]).toEqual([1, 0]);
  await expectVerified(recorded);
  return recorded;
}

const warnings = ({ manifest }: Recorded) => manifest.warnings.map(({ code }) => code);

const droppedOf = ({ manifest }: Recorded, userId: string) =>
  manifest.participants.find(({ id }) => id === userId)?.datagrams.dropped;

async function missingOf(fixture: CallFixture, recorded: Recorded, userId: string): Promise<number> {
  const heard = new Set((await soundOf(recorded, userId)).map(({ hex }) => hex));
  return saidIn(fixture, userId).filter(({ hex }) => !heard.has(hex)).length;
}

describe.concurrent("the only speaker, whom the bot cannot decrypt,", () => {
  it("is named if they are outside the group, and the call continues", async () => {
    const fixture = aliceSpeaks();
    const recorded = await record(fixture, { loopback: { behaviour: { outsiders: [ALICE.id] } } });
    expect(recorded.manifest.warnings).toEqual([
      { code: "speaker_outside_group", text: expect.stringContaining(`person1 (${ALICE.id})`) },
    ]);
    expect(droppedOf(recorded, ALICE.id)?.dave_undecryptable).toBe(SECONDS * 50);
    expect(await missingOf(fixture, recorded, BOB.id)).toBe(0);
  });

  it("ends nothing if it is a bot", async () => {
    const bot = { ...ALICE, bot: true };
    const recorded = await record(aliceSpeaks(bot, 0), {
      before: ({ faults }) => faults.undecryptable(3_600_000, [bot.id]),
    });
    expect(recorded.manifest.gaps).toEqual([]);
  });
});

describe.concurrent("unencrypted frames in an encrypted call", () => {
  const speakInClear: RecordOptions["during"] = async (worker, { faults }) => {
    await worker.until("state: recording");
    await pause(3_000);
    faults.speakInClear(12_000, [ALICE.id]);
  };

  it("are dropped, and the warning names their sender", async () => {
    const fixture = aliceSpeaks();
    const recorded = await record(fixture, { during: speakInClear });
    expect(recorded.manifest.warnings).toEqual([
      { code: "speaker_not_encrypted", text: expect.stringContaining(`person1 (${ALICE.id})`) },
    ]);
    const dropped = droppedOf(recorded, ALICE.id);
    expect(dropped?.dave_plaintext).toBeGreaterThan(500);
    expect(await missingOf(fixture, recorded, ALICE.id)).toBe(dropped?.dave_plaintext);
    expect(recorded.manifest.e2ee.plaintextPackets).toBe(0);
  });

  it("are recorded if the settings allow it, and the manifest counts them", async () => {
    const fixture = aliceSpeaks();
    const environment = { MEETBOT_RECORD_PLAINTEXT: "true" };
    const recorded = await record(fixture, { during: speakInClear, environment });
    expect(warnings(recorded)).toEqual(["plaintext_recorded"]);
    expect(await missingOf(fixture, recorded, ALICE.id)).toBe(0);
    expect(recorded.manifest.e2ee.plaintextPackets).toBeGreaterThan(500);
  });

  it("are recorded for 10 s after an upgrade, as other clients play them", async () => {
    const fixture = aliceSpeaks();
    const recorded = await record(fixture, {
      during: async (worker, { faults }) => {
        await worker.until("state: recording");
        faults.downgradeDave();
        await pause(1_500);
        faults.speakInClear(8_000, [ALICE.id]);
        faults.upgradeDave();
      },
    });
    expect(warnings(recorded)).toEqual([]);
    expect(await missingOf(fixture, recorded, ALICE.id)).toBe(0);
  });
});

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
