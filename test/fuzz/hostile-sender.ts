import type { RotationOptions } from "../../src/recording/tracks/track.ts";
import { type SentPacket, WatchedCall } from "./watched-call.ts";

/**
 * A member of a call whose client sends valid packets with any numbers, at any time. Other members of the call speak normally.
 *
 * A script says what the member does. It has four bytes for each action: the kind of action, two operands, and how many
 * packets follow.
 */

const SECOND = 48_000;
const MODES: readonly RotationOptions["mode"][] = ["utterance", "duration", "never"];
const MAX_PART_SAMPLES = 10 * SECOND;
const SILENCE_SAMPLES = SECOND;
/** TOC bytes, and what a packet with them lasts: 20, 2.5, 10, 60 ms, and 120 ms in six frames. */
const KINDS: readonly (readonly [toc: number, durationSamples: number])[] = [
  [0x78, 960],
  [0xe0, 120],
  [0x70, 480],
  [0x18, 2_880],
  [0xfb, 5_760],
];
const PACES_MS = [0, 0.2, 1, 2, 5, 20, 21, 40, 120];
/** How far the timestamp advances with a packet, as a part of what the packet lasts: a slow clock, a true one, a fast one. */
const CLOCK_RATES = [1, 0, 0.5, 0.9, 0.99, 1.01, 1.1, 2, 6];
/** Every second packet arrives after this many that were sent later. */
const DELAYS_PACKETS = [0, 1, 5, 12, 13, 30, 100, 1_000];

/** What the numbers of an action mean, in the order of their codes. */
export const ACTION = {
  skipSequence: 0,
  skipTimestamp: 1,
  skipBoth: 2,
  kind: 3,
  ssrc: 4,
  pace: 5,
  sound: 6,
  pause: 7,
  clockRate: 8,
  delay: 9,
  backwards: 10,
} as const;
const ACTIONS = Object.keys(ACTION).length;

interface Sender {
  ssrc: number;
  sequence: number;
  timestamp: number;
  paceMs: number;
  kind: number;
  sound: number;
  clockRate: number;
  delayPackets: number;
  /** Packets that are on their way, and after how many others each arrives. */
  delayed: { packet: SentPacket; afterPackets: number }[];
}

/** @throws RangeError that says which bound of the recording the member could break */
export function playHostile(script: Buffer): void {
  const call = new WatchedCall({
    mode: MODES[(script[0] ?? 0) % MODES.length] ?? "never",
    silenceSamples: SILENCE_SAMPLES,
    maxPartSamples: MAX_PART_SAMPLES,
  });
  const sender: Sender = {
    ssrc: 1,
    sequence: 0,
    timestamp: 0,
    paceMs: 20,
    kind: 0,
    sound: 0,
    clockRate: 1,
    delayPackets: 0,
    delayed: [],
  };
  for (let at = 0; at + 3 < script.length; at += 4) {
    const [action = 0, a = 0, b = 0, c = 0] = script.subarray(at, at + 4);
    act(sender, call, action % ACTIONS, a, b, c);
    for (let count = 1 + (c % 24); count > 0; count -= 1) sendOne(sender, call);
  }
  for (const { packet } of sender.delayed) call.hostile(packet);
  call.judge();
}

function act(sender: Sender, call: WatchedCall, action: number, a: number, b: number, c: number): void {
  const steps = (a << 8) | b;
  switch (action) {
    case ACTION.skipSequence:
      sender.sequence += steps;
      break;
    case ACTION.skipTimestamp:
      sender.timestamp += (a << 24) | (b << 16) | (c << 8);
      break;
    case ACTION.skipBoth:
      // The jump of the timestamp looks like lost packets.
      sender.sequence += steps;
      sender.timestamp += steps * kindOf(sender).durationSamples;
      break;
    case ACTION.kind:
      sender.kind = a % KINDS.length;
      break;
    case ACTION.ssrc:
      sender.ssrc = 1 + (a % 40);
      break;
    case ACTION.pace:
      sender.paceMs = PACES_MS[a % PACES_MS.length] ?? 20;
      break;
    case ACTION.sound:
      sender.sound = a;
      break;
    case ACTION.pause:
      call.passTo(call.nowMs + a * 20);
      break;
    case ACTION.clockRate:
      sender.clockRate = CLOCK_RATES[a % CLOCK_RATES.length] ?? 1;
      break;
    case ACTION.delay:
      sender.delayPackets = DELAYS_PACKETS[a % DELAYS_PACKETS.length] ?? 0;
      break;
    default:
      sender.timestamp -= steps * 48;
  }
}

function sendOne(sender: Sender, call: WatchedCall): void {
  call.passTo(call.nowMs + sender.paceMs);
  const { ssrc, sequence, timestamp, sound, delayPackets } = sender;
  const { toc, durationSamples } = kindOf(sender);
  const packet: SentPacket = { ssrc, sequence, timestamp: Math.round(timestamp), toc, durationSamples, sound };
  sender.sequence += 1;
  sender.timestamp += durationSamples * sender.clockRate;
  if (delayPackets > 0 && sequence % 2 === 1) sender.delayed.push({ packet, afterPackets: delayPackets });
  else call.hostile(packet);
  for (const waiting of sender.delayed) waiting.afterPackets -= 1;
  const due = sender.delayed.filter(({ afterPackets }) => afterPackets < 0);
  if (due.length === 0) return;
  sender.delayed = sender.delayed.filter(({ afterPackets }) => afterPackets >= 0);
  for (const { packet: late } of due) call.hostile(late);
}

function kindOf(sender: Sender): { readonly toc: number; readonly durationSamples: number } {
  const [toc, durationSamples] = KINDS[sender.kind] ?? [0x78, 960];
  return { toc, durationSamples };
}

/** Scripts of members who mean harm, each in the three ways of cutting files. */
export function hostileScripts(): Buffer[] {
  const repeated = (times: number, ...actions: readonly number[]): Buffer =>
    Buffer.concat(Array.from({ length: times }, () => Buffer.from(actions)));
  const { skipSequence, skipTimestamp, skipBoth, kind, ssrc, pace, sound, pause, clockRate, delay, backwards } = ACTION;
  return MODES.flatMap((_, mode) => {
    // The first byte is the mode, and has to be a pause of no length too: 18, 40 and 29 are 0, 1 and 2 modulo 3.
    const inMode = (...actions: Buffer[]): Buffer =>
      Buffer.concat([Buffer.from([[18, 40, 29][mode] ?? 0, 0, 0, 0]), ...actions]);
    return [
      inMode(Buffer.from([kind, 4, 0, 23, pace, 4, 0, 0]), repeated(70, skipBoth, 0x7d, 0, 0)),
      inMode(Buffer.from([kind, 4, 0, 23, pace, 3, 0, 0]), repeated(60, sound, 0, 0, 23)),
      inMode(repeated(18, ssrc, 1, 0, 3, ssrc, 17, 0, 0, ssrc, 33, 0, 0, ssrc, 9, 0, 1)),
      inMode(repeated(24, skipTimestamp, 0xff, 0xf0, 0, skipTimestamp, 0, 0x40, 0, skipSequence, 0x40, 0, 2)),
      inMode(repeated(18, sound, 0xa1, 0, 23, pause, 10, 0, 0, sound, 0, 0, 3, sound, 0xa3, 0, 0)),
      inMode(repeated(20, pause, 150, 0, 23, pace, 0, 0, 23, pace, 5, 0, 23)),
      // Always late: a slow clock without a pause, with pauses, and one that falls behind by jumps.
      inMode(Buffer.from([pace, 8, 0, 0]), repeated(60, sound, 0, 0, 23)),
      inMode(Buffer.from([clockRate, 2, 0, 23]), repeated(35, sound, 0, 0, 23, pause, 20, 0, 0)),
      inMode(repeated(60, backwards, 1, 0, 23)),
      // Always late, in bursts: the words come faster than their clock says, after a pause that the clock does not have.
      inMode(Buffer.from([pace, 0, 0, 0]), repeated(20, pause, 150, 0, 23)),
      // Always late on the network: every second packet comes behind those that follow it.
      ...[3, 4, 5, 6].map((late) => inMode(Buffer.from([delay, late, 0, 23]), repeated(60, sound, 0, 0, 23))),
      // Faster than real time: a fast clock, by a little and by a lot.
      inMode(Buffer.from([clockRate, 5, 0, 23]), repeated(60, sound, 0, 0, 23)),
      inMode(Buffer.from([clockRate, 8, 0, 23]), repeated(60, sound, 0, 0, 23)),
      // Early and late in turns.
      inMode(repeated(18, pace, 8, 0, 23, pace, 0, 0, 23, clockRate, 2, 0, 23, clockRate, 7, 0, 23)),
    ];
  });
}
