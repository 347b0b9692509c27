import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Loopback } from "../../src/loopback/loopback.ts";
import { expectVerified } from "../support/judge.ts";
import { person, type ToneSpeaker, toneCall } from "../support/tone-call.ts";
import { type Recorded, recordFixture, saidIn, soundOf } from "../support/worker.ts";

const ALICE = person(1);
const BOB = person(2);

function talk(seconds: number) {
  const speaker = (user: typeof ALICE, speaksFromMs: number): ToneSpeaker => ({
    user,
    leavesAtMs: seconds * 1_000,
    speaksFromMs,
    packetCount: seconds * 50 - 10,
  });
  return toneCall([speaker(ALICE, 0), speaker(BOB, 10)]);
}

async function recordWith(
  seconds: number,
  act: (faults: Loopback["faults"], pause: (ms: number) => Promise<unknown>) => void | Promise<void>,
  environment: Record<string, string> = {},
) {
  const fixture = talk(seconds);
  const recorded = await recordFixture(fixture, {
    environment,
    during: async (worker, { faults }) => {
      await worker.until("state: recording");
      const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
      await pause(2_000);
      await act(faults, pause);
    },
  });
  return { fixture, recorded };
}

/** Nothing but speech is in the files. @returns packets that are missing of each speaker */
async function missing(fixture: ReturnType<typeof talk>, recorded: Recorded): Promise<number[]> {
  await expectVerified(recorded);
  const counts: number[] = [];
  for (const { id } of [ALICE, BOB]) {
    const said = saidIn(fixture, id).map(({ hex }) => hex);
    const heard = (await soundOf(recorded, id)).map(({ hex }) => hex);
    expect(heard.filter((hex) => !said.includes(hex))).toEqual([]);
    counts.push(said.length - heard.length);
  }
  return counts;
}

const warnings = ({ manifest }: Recorded) => manifest.warnings.map(({ code }) => code);

describe.concurrent("speech that cannot be decrypted", () => {
  it("is a declared gap, not silence: a silence threshold below it does not end the call", async () => {
    const { fixture, recorded } = await recordWith(12, (faults) => faults.undecryptable(5_000), {
      MEETBOT_AUTO_LEAVE_AFTER_SILENCE_SECONDS: "3",
    });
    expect(recorded).toMatchObject({ exitCode: 0, manifest: { exitReason: "alone_in_room", failureCode: null } });
    expect(recorded.manifest.gaps).toEqual([expect.objectContaining({ reason: "unheard" })]);
    for (const count of await missing(fixture, recorded)) expect(count).toBeGreaterThan(200);
    expect(recorded.manifest.datagrams.dropped.dave_undecryptable).toBeGreaterThan(400);
  });

  it("of one person among several is counted as theirs, and the others are unaffected", async () => {
    const { fixture, recorded } = await recordWith(10, (faults) => faults.undecryptable(4_000, [ALICE.id]));
    expect(recorded).toMatchObject({ exitCode: 0, manifest: { exitReason: "alone_in_room", gaps: [] } });
    const [alice, bob] = await missing(fixture, recorded);
    expect(alice).toBeGreaterThan(150);
    expect(bob).toBe(0);
    const [own, other] = [ALICE, BOB].map(({ id }) => recorded.manifest.participants.find((one) => one.id === id));
    expect(own?.datagrams.dropped.dave_undecryptable).toBe(alice);
    expect(other?.datagrams.dropped.dave_undecryptable).toBe(0);
  });

  it("for ten seconds makes the worker rejoin; if that does not help, the job ends as recording_disabled", async () => {
    const { recorded } = await recordWith(75, (faults) => faults.undecryptable(120_000));
    expect(recorded).toMatchObject({ exitCode: 0, manifest: { failureCode: "recording_disabled" } });
    expect(warnings(recorded)).toContain("capture_stalled");
    expect(recorded.log.filter(({ kind }) => kind === "voice_identify")).toHaveLength(4);
    expect(recorded.manifest.tracks.length).toBeGreaterThan(0);
  });
});

describe.concurrent("an encrypted call that", () => {
  it("drops to no encryption and back loses no packet", async () => {
    const { fixture, recorded } = await recordWith(12, async (faults, pause) => {
      faults.downgradeDave();
      await pause(3_000);
      faults.upgradeDave();
    });
    expect(recorded).toMatchObject({ exitCode: 0, manifest: { exitReason: "alone_in_room", gaps: [] } });
    expect(await missing(fixture, recorded)).toEqual([0, 0]);
  });

  it("has speakers who stay in the old epoch for a while loses none of their audio", async () => {
    const { fixture, recorded } = await recordWith(12, async (faults, pause) => {
      faults.senderKeepsOldEpoch(1_500);
      faults.forceEpoch();
      await pause(3_000);
      faults.forceEpoch();
    });
    expect(recorded).toMatchObject({ exitCode: 0, manifest: { gaps: [] } });
    expect(await missing(fixture, recorded)).toEqual([0, 0]);
  });
});

describe.concurrent("a bot that", () => {
  it("is deafened by the server warns, waits, and does not treat it as silence", async () => {
    const { fixture, recorded } = await recordWith(
      12,
      async (faults, pause) => {
        faults.deafenBot(true);
        await pause(5_000);
        faults.deafenBot(false);
      },
      { MEETBOT_AUTO_LEAVE_AFTER_SILENCE_SECONDS: "3" },
    );
    expect(recorded).toMatchObject({ exitCode: 0, manifest: { exitReason: "alone_in_room", failureCode: null } });
    expect(warnings(recorded)).toEqual(["server_deafened"]);
    expect(recorded.manifest.gaps).toEqual([expect.objectContaining({ reason: "unheard" })]);
    for (const count of await missing(fixture, recorded)) expect(count).toBeGreaterThan(150);
  });

  it("is moved to the audience says so, and continues recording", async () => {
    const { fixture, recorded } = await recordWith(6, (faults) => faults.suppressBot(true));
    expect(recorded).toMatchObject({ exitCode: 0, manifest: { exitReason: "alone_in_room", gaps: [] } });
    expect(warnings(recorded)).toEqual(["suppressed"]);
    expect(await missing(fixture, recorded)).toEqual([0, 0]);
    const events = await readFile(join(recorded.directory, "events.jsonl"), "utf8");
    expect(events).toContain('"code":"suppressed"');
  });
});
