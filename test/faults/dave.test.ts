import { describe, expect, it } from "vitest";
import type { EncryptionMode, Loopback } from "../../src/loopback/loopback.ts";
import { expectVerified } from "../support/judge.ts";
import { person, toneCall } from "../support/tone-call.ts";
import { type Recorded, recordFixture, saidIn, soundOf } from "../support/worker.ts";

const ALICE = person(1);
const BOB = person(2);
const PACKETS = 590;

const talk = () =>
  toneCall([
    { user: ALICE, leavesAtMs: 12_000, speaksFromMs: 0, packetCount: PACKETS },
    { user: BOB, leavesAtMs: 12_000, speaksFromMs: 10, packetCount: PACKETS },
  ]);

/** Records, and lets something happen 3 s into the call. */
async function recordWith(act: (faults: Loopback["faults"]) => void, encryptionMode: EncryptionMode) {
  const fixture = talk();
  const recorded = await recordFixture(fixture, {
    loopback: { encryptionModes: [encryptionMode] },
    during: async (worker, { faults }) => {
      await worker.until("state: recording");
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      act(faults);
    },
  });
  return { fixture, recorded };
}

/**
 * Nothing but speech is in the files, in its order; and what is missing was declared.
 *
 * @returns packets of both speakers that are missing
 */
async function missingPackets(fixture: ReturnType<typeof talk>, recorded: Recorded): Promise<number> {
  await expectVerified(recorded);
  let missing = 0;
  for (const { id } of [ALICE, BOB]) {
    const said = saidIn(fixture, id).map(({ hex }) => hex);
    const places = (await soundOf(recorded, id)).map(({ hex }) => said.indexOf(hex));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    missing += said.length - places.length;
  }
  const { gaps, datagrams, tracks } = recorded.manifest;
  const counted = datagrams.dropped.dave_undecryptable + tracks.reduce((sum, { packets }) => sum + packets.lost, 0);
  if (gaps.length === 0) expect(missing).toBeLessThanOrEqual(counted);
  return missing;
}

const MODES = ["aead_aes256_gcm_rtpsize", "aead_xchacha20_poly1305_rtpsize"] as const;

describe.concurrent.each(MODES)("the encrypted group (%s)", (mode) => {
  it("changes its keys without losing a packet", async () => {
    const { fixture, recorded } = await recordWith((faults) => {
      for (const delayMs of [0, 800, 1_600]) setTimeout(() => faults.forceEpoch(), delayMs);
    }, mode);
    expect(recorded).toMatchObject({ exitCode: 0, manifest: { gaps: [] } });
    expect(await missingPackets(fixture, recorded)).toBe(0);
  });

  it.each<[string, (faults: Loopback["faults"]) => void]>([
    ["a lost commit", (faults) => faults.loseCommit()],
    ["damaged proposals", (faults) => faults.corruptOpcode(27)],
    ["a damaged commit", (faults) => faults.corruptOpcode(29)],
  ])("recovers by itself from %s, with what could not be heard declared", async (_, fault) => {
    const { fixture, recorded } = await recordWith((faults) => {
      fault(faults);
      faults.forceEpoch();
    }, mode);
    expect(recorded).toMatchObject({ exitCode: 0, manifest: { exitReason: "alone_in_room", failureCode: null } });
    // 3 s of two people: the group is joined again within this time.
    expect(await missingPackets(fixture, recorded)).toBeLessThan(300);
  });
});

describe.concurrent("a voice server that", () => {
  it.each<[string, Parameters<Loopback["faults"]["migrateVoice"]>[0]]>([
    ["moves elsewhere", undefined],
    ["is taken away before there is another", { nullEndpointFirstMs: 2_000 }],
  ])("%s is followed: new keys, new SSRCs, the same tracks, a declared gap", async (_, how) => {
    const { fixture, recorded } = await recordWith((faults) => void faults.migrateVoice(how), MODES[0]);
    expect(recorded).toMatchObject({ exitCode: 0, manifest: { exitReason: "alone_in_room", failureCode: null } });
    expect(recorded.manifest.gaps).toEqual([expect.objectContaining({ reason: "reconnect" })]);
    expect(await missingPackets(fixture, recorded)).toBeLessThan(2 * PACKETS - 500);
    expect(recorded.manifest.speakers.map(({ id }) => id).toSorted()).toEqual([ALICE.id, BOB.id]);
  });
});
