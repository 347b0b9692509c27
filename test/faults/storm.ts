import { parseArgs } from "node:util";
import type { CallEvent } from "../../src/fixture/call-script.ts";
import type { Loopback } from "../../src/loopback/loopback.ts";
import { verifyRecording } from "../../src/recording/verify.ts";
import { RecordingFolder } from "../../src/storage/recording-folder.ts";
import { random } from "../fuzz/mutate.ts";
import { person, toneCall } from "../support/tone-call.ts";
import { type Recorded, recordFixture, saidIn, soundOf } from "../support/worker.ts";

/** The faults of a storm; each may come at any time, in any order. */
const FAULTS: readonly (readonly [name: string, act: (loopback: Loopback) => void])[] = [
  ["voice 1006", ({ faults }) => faults.closeVoice(1006)],
  ["voice 4015", ({ faults }) => faults.closeVoice(4015)],
  ["voice 4006", ({ faults }) => faults.closeVoice(4006)],
  ["voice 4009", ({ faults }) => faults.closeVoice(4009)],
  ["voice reset", ({ faults }) => faults.dropVoice()],
  ["voice refused twice", ({ faults }) => faults.closeVoiceAt("identify", 4006, 2)],
  ["gateway 4000", ({ faults }) => faults.closeGateway(4000)],
  ["gateway reset", ({ faults }) => faults.dropGateway()],
  ["gateway reconnect", ({ faults }) => faults.reconnectGateway()],
  ["gateway session resumable", ({ faults }) => faults.invalidateGatewaySession({ resumable: true })],
  ["voice server migrates", ({ faults }) => void faults.migrateVoice()],
  ["voice server taken away first", ({ faults }) => void faults.migrateVoice({ nullEndpointFirstMs: 1_500 })],
  ["new epoch", ({ faults }) => faults.forceEpoch()],
  [
    "commit lost",
    ({ faults }) => {
      faults.loseCommit();
      faults.forceEpoch();
    },
  ],
  [
    "commit damaged",
    ({ faults }) => {
      faults.corruptOpcode(29);
      faults.forceEpoch();
    },
  ],
  ["gateway session over", ({ faults }) => faults.invalidateGatewaySession({ resumable: false })],
];

const TALKERS = [1, 2, 3].map((index) => person(index));
const PACKET_MS = 20;
/** Between two faults, so that each has a chance to be come back from. */
const MIN_PAUSE_MS = 4_000;
const PAUSE_SPREAD_MS = 8_000;
/** A gap is declared when it is noticed, and its end when the first key is there. */
const GAP_MARGIN_MS = 3_000;

export interface StormOptions {
  readonly seconds: number;
  readonly seed: number;
  readonly log?: (line: string) => void;
}

export interface StormResult {
  readonly recorded: Recorded;
  readonly faults: readonly string[];
  readonly verifyFaults: readonly string[];
  /** Packets said, and those of them that are in the files. */
  readonly said: number;
  readonly heard: number;
  /** Packets that are neither in a file nor in the time of a declared gap nor counted as lost; none, if all is well. */
  readonly undeclared: readonly string[];
}

/** Three people who talk without a pause, others who come and go, and a Discord that misbehaves all the time. */
export async function runStorm({ seconds, seed, log = () => undefined }: StormOptions): Promise<StormResult> {
  const next = random(seed);
  const lengthMs = seconds * 1_000;
  const fixture = toneCall(
    TALKERS.map((user) => ({ user, leavesAtMs: lengthMs + 500, speaksFromMs: 0, packetCount: lengthMs / PACKET_MS })),
    { events: comingAndGoing(lengthMs, next) },
  );
  const done: string[] = [];
  const recorded = await recordFixture(fixture, {
    environment: { MEETBOT_MAX_PART_SECONDS: "60", MEETBOT_AUTO_LEAVE_AFTER_SOLO_SECONDS: "5" },
    during: async (worker, loopback) => {
      let over = false;
      void Promise.race([loopback.played, worker.result]).then(() => {
        over = true;
      });
      while (!over) {
        await new Promise((resolve) => setTimeout(resolve, MIN_PAUSE_MS + next() * PAUSE_SPREAD_MS));
        const fault = FAULTS[Math.floor(next() * FAULTS.length)];
        if (over || fault === undefined) break;
        log(fault[0]);
        done.push(fault[0]);
        fault[1](loopback);
      }
    },
  });
  const { faults: verifyFaults } = await verifyRecording(await RecordingFolder.open(recorded.directory));
  return { recorded, faults: done, verifyFaults, ...(await compare(fixture, recorded)) };
}

function comingAndGoing(lengthMs: number, next: () => number): CallEvent[] {
  const events: CallEvent[] = [];
  for (const index of [11, 12, 13, 14]) {
    const user = person(index);
    for (let atMs = 1_000 + next() * 3_000; atMs + 4_000 < lengthMs; ) {
      events.push({ type: "join", atMs: Math.round(atMs), user });
      atMs += 2_000 + next() * 4_000;
      events.push({ type: "leave", atMs: Math.round(Math.min(atMs, lengthMs)), userId: user.id });
      atMs += 1_000 + next() * 6_000;
    }
  }
  return events;
}

async function compare(fixture: Parameters<typeof saidIn>[0], recorded: Recorded) {
  const { gaps, tracks } = recorded.manifest;
  let [said, heard] = [0, 0];
  const undeclared: string[] = [];
  for (const { id } of TALKERS) {
    const spoken = saidIn(fixture, id);
    const found = new Set((await soundOf(recorded, id)).map(({ hex }) => hex));
    const inGap = (atMs: number) =>
      gaps.some(({ startMs, endMs }) => atMs >= startMs - GAP_MARGIN_MS && atMs <= endMs + GAP_MARGIN_MS);
    const missing = spoken.filter(({ hex, atMs }) => !found.has(hex) && !inGap(atMs));
    const counted = tracks
      .filter(({ speakerId }) => speakerId === id)
      .reduce(
        (sum, { packets: { lost, late, undecryptable, unattributed } }) =>
          sum + lost + late + undecryptable + unattributed,
        0,
      );
    if (missing.length > counted) undeclared.push(...missing.map(({ atMs }) => `${id} at ${atMs} ms`));
    said += spoken.length;
    heard += found.size;
  }
  return { said, heard, undeclared };
}

/** `npm run storm -- --minutes 30 --seed 1` */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { minutes: { type: "string", default: "30" }, seed: { type: "string", default: "1" } },
  });
  const options = { seconds: Number(values.minutes) * 60, seed: Number(values.seed) };
  const { recorded, faults, verifyFaults, said, heard, undeclared } = await runStorm({
    ...options,
    log: (line) => process.stdout.write(`${new Date().toISOString()} ${line}\n`),
  });
  process.stdout.write(
    `seed ${options.seed}: ${faults.length} faults, exit ${recorded.exitCode}, ${recorded.manifest.exitReason}, ` +
      `${recorded.manifest.gaps.length} gaps, ${heard} of ${said} packets, verify: ${verifyFaults.length} faults, ` +
      `undeclared: ${undeclared.length}\n`,
  );
  process.exitCode = recorded.exitCode === 0 && verifyFaults.length + undeclared.length === 0 ? 0 : 1;
}

if (import.meta.main) await main();
