import { parseRtpHeader } from "../../audio/rtp.ts";
import { InputError } from "../../errors.ts";
import type { TimedRtpPacket } from "../../fixture/call-script.ts";
import { chance } from "../seeded.ts";

/** How the network impairs a call. The same seed has the same effect on the same packets in every run. */
export interface Impairments {
  readonly seed: number;
  /** Share of packets that never arrive, 0 to 1. */
  readonly loss?: number;
  /** With this probability for each packet, it and those that follow it are lost, `packets` in all. */
  readonly burstLoss?: { readonly probability: number; readonly packets: number };
  /** Share of packets that change places with their successor, 0 to 1. */
  readonly swap?: number;
  /** Alternatively, the exact number of such swaps over the whole call. */
  readonly swaps?: number;
  /** Share of packets that arrive twice, 0 to 1. */
  readonly duplicate?: number;
  /** Each packet is delayed by 0 to this many milliseconds, which may reorder packets. */
  readonly jitterMs?: number;
  /** Each speaker's packets with these indices are delayed by this time: sealed on time, and overtaken by others. */
  readonly late?: readonly { readonly index: number; readonly delayMs: number }[];
  /** From this time in the call, nothing is sent for this long, and then everything at once. */
  readonly stalls?: readonly { readonly atMs: number; readonly durationMs: number }[];
  /** A forger's datagrams per second to each client: see forger.ts. */
  readonly forgedPerSecond?: number;
  /** Share of datagrams that arrive again one to three seconds later, byte for byte, 0 to 1. */
  readonly replay?: number;
}

/** The fate of one packet on its way. */
export interface PacketFate {
  readonly lost: boolean;
  /** Arrives right behind its speaker's next packet. */
  readonly swapped: boolean;
  readonly duplicated: boolean;
  readonly delayMs: number;
  /** How long after it the same datagram comes again. */
  readonly replayAfterMs: number | undefined;
}

/** The packets of a call, by speaker; as in a fixture. */
export type CallPackets = ReadonlyMap<string, readonly TimedRtpPacket[]>;

/** Nothing happens to it. */
export const UNIMPAIRED: PacketFate = {
  lost: false,
  swapped: false,
  duplicated: false,
  delayMs: 0,
  replayAfterMs: undefined,
};

/**
 * Networks reorder only packets that are in transit together, so a packet never falls behind one from after a pause.
 */
const MAX_SWAP_DISTANCE_MS = 100;
const MIN_REPLAY_MS = 1_000;
const REPLAY_SPREAD_MS = 2_000;

/**
 * Decides about every packet of a call, by speaker and index. Whether a packet is lost, doubled, delayed or replayed
 * depends only on the seed, its speaker and its index; whether it is swapped, also on the call.
 *
 * @throws InputError for numbers that are out of range, and for more swaps than the call has neighbours
 */
export function planFates(impairments: Impairments, packets: CallPackets): ReadonlyMap<string, readonly PacketFate[]> {
  assertImpairments(impairments);
  const plan = new Map<string, Mutable<PacketFate>[]>();
  for (const [userId, { length }] of packets) {
    plan.set(
      userId,
      Array.from({ length }, (_, index) => fateOf(impairments, userId, index)),
    );
  }
  chooseSwaps(impairments, packets, plan);
  return plan;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

function fateOf(impairments: Impairments, userId: string, index: number): Mutable<PacketFate> {
  const { seed, loss = 0, duplicate = 0, jitterMs = 0, replay = 0, late = [] } = impairments;
  const draw = (purpose: string) => chance(seed, purpose, userId, index);
  return {
    lost: draw("loss") < loss || isInBurst(impairments, userId, index),
    swapped: false,
    duplicated: draw("duplicate") < duplicate,
    delayMs: draw("jitter") * jitterMs + (late.find((one) => one.index === index)?.delayMs ?? 0),
    replayAfterMs: draw("replay") < replay ? MIN_REPLAY_MS + draw("replay delay") * REPLAY_SPREAD_MS : undefined,
  };
}

function isInBurst({ seed, burstLoss }: Impairments, userId: string, index: number): boolean {
  if (burstLoss === undefined) return false;
  for (let start = Math.max(0, index - burstLoss.packets + 1); start <= index; start += 1) {
    if (chance(seed, "burst", userId, start) < burstLoss.probability) return true;
  }
  return false;
}

interface Neighbours {
  readonly userId: string;
  /** The index of the first of the two packets. */
  readonly index: number;
  readonly fate: Mutable<PacketFate>;
  readonly order: number;
}

/** Each packet is in at most one swap, so that every swap is one inversion. */
function chooseSwaps(impairments: Impairments, packets: CallPackets, plan: Map<string, Mutable<PacketFate>[]>): void {
  const { seed, swap = 0, swaps } = impairments;
  if (swap === 0 && swaps === undefined) return;
  const candidates = neighbours(seed, packets, plan);
  const chosen =
    swaps === undefined
      ? candidates.filter(({ order }) => order < swap)
      : candidates.toSorted((left, right) => left.order - right.order);
  const taken = new Set<string>();
  let done = 0;
  for (const { userId, index, fate } of chosen) {
    if (done === swaps) break;
    const both = [`${userId}/${index}`, `${userId}/${index + 1}`];
    if (both.some((packet) => taken.has(packet))) continue;
    for (const packet of both) taken.add(packet);
    fate.swapped = true;
    done += 1;
  }
  if (swaps !== undefined && done < swaps) {
    throw new InputError(`impairments.swaps is ${swaps}, expected at most ${done}: the call has no more neighbours`);
  }
}

/** All pairs of consecutive packets of a speaker that arrive, are close in time and have the same SSRC. */
function neighbours(seed: number, packets: CallPackets, plan: Map<string, Mutable<PacketFate>[]>): Neighbours[] {
  const found: Neighbours[] = [];
  for (const [userId, said] of packets) {
    const fates = plan.get(userId) ?? [];
    for (const [index, packet] of said.entries()) {
      const [next, fate, nextFate] = [said[index + 1], fates[index], fates[index + 1]];
      if (next === undefined || fate === undefined || fate.lost || nextFate?.lost) continue;
      if (next.atMs - packet.atMs > MAX_SWAP_DISTANCE_MS) continue;
      if (parseRtpHeader(packet.rtp)?.ssrc !== parseRtpHeader(next.rtp)?.ssrc) continue;
      found.push({ userId, index, fate, order: chance(seed, "swap", userId, index) });
    }
  }
  return found;
}

function assertImpairments(impairments: Impairments): void {
  const { loss, burstLoss, swap, swaps, duplicate, jitterMs, stalls = [], forgedPerSecond, replay } = impairments;
  const shares = { loss, "burstLoss.probability": burstLoss?.probability, swap, duplicate, replay };
  for (const [name, share = 0] of Object.entries(shares)) {
    if (!(share >= 0 && share <= 1)) throw outOfRange(name, share, "a share from 0 to 1");
  }
  const wholes = { seed: Math.abs(impairments.seed), "burstLoss.packets": burstLoss?.packets, swaps };
  for (const [name, whole = 0] of Object.entries(wholes)) {
    if (!Number.isSafeInteger(whole) || whole < 0) throw outOfRange(name, whole, "a whole number");
  }
  const amounts = { jitterMs, forgedPerSecond, ...Object.fromEntries(stalls.flatMap(amountsOfStall)) };
  for (const [name, amount = 0] of Object.entries(amounts)) {
    if (!(amount >= 0 && amount < Number.POSITIVE_INFINITY)) throw outOfRange(name, amount, "0 or more");
  }
  if (swap !== undefined && swaps !== undefined) {
    throw new InputError("impairments.swap and impairments.swaps are both there, expected one of the two");
  }
}

function amountsOfStall(stall: { atMs: number; durationMs: number }, index: number): [string, number][] {
  return [
    [`stalls[${index}].atMs`, stall.atMs],
    [`stalls[${index}].durationMs`, stall.durationMs],
  ];
}

function outOfRange(name: string, value: number, expected: string): InputError {
  return new InputError(`impairments.${name} is ${value}, expected ${expected}`);
}
