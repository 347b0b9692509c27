import type { CallFixture } from "../../src/fixture/call-script.ts";
import type { EncryptionMode, Loopback } from "../../src/loopback/loopback.ts";
import { person, toneCall } from "../support/tone-call.ts";
import { type Recorded, recordFixture, saidIn, soundOf } from "../support/worker.ts";

/** By hand, every change with every delay in both modes: `npm run transitions`. */

const SPEAKERS = [person(1), person(2)];
const MODES: readonly EncryptionMode[] = ["aead_aes256_gcm_rtpsize", "aead_xchacha20_poly1305_rtpsize"];
const DELAYS_MS = [0, 300, 1_000, 2_000, 3_000, 5_000];
/** Into the call. */
const CHANGE_AT_MS = 2_000;
/** From the downgrade to the upgrade. */
const UPGRADE_AFTER_MS = 1_500;
/** How long people speak after opcode 22. */
const AFTER_MS = 2_500;

/** How everybody's keys come to change. */
const CHANGES = ["entering", "upgrade", "downgrade", "new group", "next epoch", "stray opcode 22"] as const;
export type Change = (typeof CHANGES)[number];

export interface TransitionResult {
  readonly recorded: Recorded;
  /** Packets that a key of the bot's could open, or that came in the clear, and that are not in the files. */
  readonly missing: number;
  /** Packets in the files, of both. */
  readonly written: number;
  readonly leftGroup: number;
  readonly identified: number;
}

/** Two people talk all the while; opcode 22 of the change comes so long after clients are ready for it. */
export async function recordTransition(
  change: Change,
  delayMs: number,
  encryptionMode: EncryptionMode,
): Promise<TransitionResult> {
  const changeAtMs = change === "entering" ? 0 : CHANGE_AT_MS;
  const lastMs = changeAtMs + delayMs + AFTER_MS;
  const fixture = toneCall(
    SPEAKERS.map((user, index) => ({
      user,
      leavesAtMs: lastMs + 500,
      speaksFromMs: index * 10,
      packetCount: Math.floor(lastMs / 20),
    })),
  );
  let decryptableOf: Loopback["decryptableOf"] = () => new Set();
  const recorded = await recordFixture(fixture, {
    loopback: {
      encryptionModes: [encryptionMode],
      behaviour: change === "entering" ? { startsAtConnect: true, executeTransitionAfterMs: delayMs } : {},
    },
    during: async (worker, loopback) => {
      decryptableOf = (userId) => loopback.decryptableOf(userId);
      await worker.until("state: recording");
      if (change === "entering") return;
      await pause(CHANGE_AT_MS - UPGRADE_AFTER_MS);
      if (change === "upgrade") loopback.faults.downgradeDave();
      await pause(UPGRADE_AFTER_MS);
      loopback.faults.delayExecute(delayMs);
      begin(change, loopback.faults);
    },
  });
  const count = (wanted: string) => recorded.log.filter(({ kind }) => kind === wanted).length;
  return {
    recorded,
    missing: await missingOf(fixture, recorded, decryptableOf),
    written: recorded.manifest.datagrams.written,
    leftGroup: count("dave_left_group"),
    identified: count("voice_identify"),
  };
}

function begin(change: Exclude<Change, "entering">, faults: Loopback["faults"]): void {
  switch (change) {
    case "upgrade":
      faults.upgradeDave();
      return;
    case "downgrade":
      faults.downgradeDave();
      return;
    case "new group":
      faults.prepareEpoch(1, 1);
      return;
    case "next epoch":
      faults.forceEpoch();
      return;
    case "stray opcode 22":
      // For the transition that was executed, and for transitions that nobody knows.
      for (const transitionId of [undefined, 901, undefined, 902]) faults.executeTransition(transitionId);
  }
}

/** @param openable indices of packets that somebody with the bot's keys could open, by user */
async function missingOf(
  fixture: CallFixture,
  recorded: Recorded,
  openable: Loopback["decryptableOf"],
): Promise<number> {
  let missing = 0;
  for (const { id } of SPEAKERS) {
    const heard = new Set((await soundOf(recorded, id)).map(({ hex }) => hex));
    const said = saidIn(fixture, id);
    for (const index of openable(id)) if (!heard.has(said[index]?.hex ?? "")) missing += 1;
  }
  return missing;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function recordAll(): Promise<void> {
  let lost = 0;
  for (const change of CHANGES) {
    for (const mode of MODES) {
      const results = await Promise.all(DELAYS_MS.map((delayMs) => recordTransition(change, delayMs, mode)));
      for (const [index, result] of results.entries()) {
        const { recorded, missing, written, leftGroup, identified } = result;
        const gaps = recorded.manifest.gaps.map(({ reason, startMs, endMs }) => `${reason} ${startMs} to ${endMs} ms`);
        const what = `${change}, opcode 22 after ${DELAYS_MS[index]} ms, ${mode}`;
        const found = `${missing} missing of ${written + missing}, opcode 31 ${leftGroup} times, ${identified} connections`;
        process.stdout.write(`${what}: ${found}, gaps: ${gaps.join(", ") || "none"}\n`);
        lost += missing + leftGroup + identified - 1;
      }
    }
  }
  process.exitCode = lost === 0 ? 0 : 1;
}

if (import.meta.main) await recordAll();
