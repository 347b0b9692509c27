import type { KeyEvent } from "./dave-keeper.ts";

/**
 * How long a change of keys may take. Discord's own library accepts replaced keys, and unencrypted frames after an
 * upgrade, for 10 s (libdave, `kCryptorExpiry` and `kDefaultTransitionDuration`). After that no client can open such
 * frames.
 */
export const TRANSITION_MS = 10_000;

/**
 * The state of the call's end-to-end encryption, as the messages of one voice connection describe it (DAVE protocol,
 * "Transitions"). A transition is announced first. Receivers then accept both old and new keys, and senders switch when
 * it is executed. Pure: time is an argument, in milliseconds of a monotonic clock.
 */

interface Announced {
  readonly transitionId: number;
  readonly protocolVersion: number;
  readonly sinceMs: number;
}

interface Known {
  /** How senders encrypt until the next transition is executed. */
  readonly senders: "clear" | "encrypted";
  /** When this phase began. */
  readonly sinceMs: number;
  /** Unencrypted frames pass until then. */
  readonly clearUntilMs: number;
  /** An unknown transition was executed, so we may have missed a commit. */
  readonly isDoubtful: boolean;
  /** Executed ids, the newest last. */
  readonly executed: readonly number[];
}

export type DavePhase =
  /** Everyone follows the last executed transition. */
  | (Known & { readonly kind: "settled" })
  /** A group is being made, and its keys are not ready. */
  | (Known & { readonly kind: "grouping"; readonly announced: readonly Announced[] })
  /** Keys or a version are announced, but not everyone uses them yet. */
  | (Known & { readonly kind: "pending"; readonly announced: readonly [Announced, ...Announced[]] });

/** The effects of an event, in addition to the next phase. */
export type PhaseNote =
  | { readonly kind: "executed" /** When the change began that is complete now. */; readonly begunMs: number }
  | { readonly kind: "unknown_transition" }
  | { readonly kind: "nothing" };

export interface PhaseStep {
  readonly phase: DavePhase;
  readonly note: PhaseNote;
}

/** Ids that are remembered, to distinguish a repeated opcode 22 from an unknown one. */
const MAX_EXECUTED = 16;
/** The most announcements that are kept. Discord has one at a time; a real call never has more. */
const MAX_ANNOUNCED = 64;
const NOTHING: PhaseNote = { kind: "nothing" };

/** @param protocolVersion DAVE version in the session description; 0 for none */
export function firstPhase(protocolVersion: number, nowMs: number): DavePhase {
  const known = { sinceMs: nowMs, isDoubtful: false, executed: [] };
  if (protocolVersion === 0)
    return { ...known, kind: "settled", senders: "clear", clearUntilMs: Number.POSITIVE_INFINITY };
  return { ...known, kind: "grouping", senders: "encrypted", clearUntilMs: Number.NEGATIVE_INFINITY, announced: [] };
}

/** Computes the next phase. An event that makes no sense in a phase changes nothing. */
export function stepPhase(phase: DavePhase, event: KeyEvent, nowMs: number): PhaseStep {
  switch (event.kind) {
    case "prepare_transition":
      return announce(allowClear(phase, event.protocolVersion), event, nowMs);
    case "commit":
    case "welcome":
      // A client that can process it is in sync with the group.
      return announce(
        { ...phase, isDoubtful: false },
        { transitionId: event.transitionId, protocolVersion: 1 },
        nowMs,
        "has_keys",
      );
    case "execute_transition":
      return execute(phase, event.transitionId, nowMs);
    case "prepare_epoch":
      if (event.epoch !== 1) return { phase, note: NOTHING };
      return { phase: regroup(allowClear(phase, event.protocolVersion), nowMs), note: NOTHING };
    case "left_group":
      return { phase: regroup(phase, nowMs), note: NOTHING };
    case "ignored":
      return { phase, note: NOTHING };
  }
}

/** Whether a frame without end-to-end encryption is accepted. */
export function acceptsClear({ clearUntilMs }: DavePhase, nowMs: number): boolean {
  return nowMs < clearUntilMs;
}

/**
 * Whether a transition is in progress, which may explain frames that cannot be opened. The wait is limited, because
 * opcode 22 may never come.
 */
export function isChanging(phase: DavePhase, nowMs: number): boolean {
  if (phase.kind !== "pending") return false;
  const newest = Math.max(...phase.announced.map(({ sinceMs }) => sinceMs));
  return nowMs - newest < TRANSITION_MS;
}

/**
 * Others may send unencrypted as soon as a transition to version 0 is announced, because they may execute it before we
 * do.
 */
function allowClear(phase: DavePhase, protocolVersion: number): DavePhase {
  return protocolVersion === 0 ? { ...phase, clearUntilMs: Number.POSITIVE_INFINITY } : phase;
}

function announce(
  phase: DavePhase,
  { transitionId, protocolVersion }: Omit<Announced, "sinceMs">,
  nowMs: number,
  keys?: "has_keys",
): PhaseStep {
  const others = announcedIn(phase).filter((one) => one.transitionId !== transitionId);
  const newest: Announced = { transitionId, protocolVersion, sinceMs: nowMs };
  const [oldest, ...rest] = others.slice(-MAX_ANNOUNCED);
  const announced: readonly [Announced, ...Announced[]] = oldest === undefined ? [newest] : [oldest, ...rest, newest];
  const sinceMs = phase.kind === "settled" ? nowMs : phase.sinceMs;
  const next: DavePhase =
    phase.kind === "grouping" && keys === undefined
      ? { ...phase, announced }
      : { ...phase, kind: "pending", sinceMs, announced };
  // Id 0 is executed at once, without opcode 22.
  return transitionId === 0 ? execute(next, 0, nowMs) : { phase: next, note: NOTHING };
}

function execute(phase: DavePhase, transitionId: number, nowMs: number): PhaseStep {
  const announced = announcedIn(phase);
  const index = announced.findIndex((one) => one.transitionId === transitionId);
  const transition = announced[index];
  if (transition === undefined) {
    if (phase.executed.includes(transitionId)) return { phase, note: NOTHING };
    return { phase: { ...phase, isDoubtful: true }, note: { kind: "unknown_transition" } };
  }
  const isClear = transition.protocolVersion === 0;
  const known: Known = {
    senders: isClear ? "clear" : "encrypted",
    sinceMs: nowMs,
    // As in libdave's receivers, frames that passed until now pass for the time of one more transition, and no others.
    clearUntilMs: isClear ? Number.POSITIVE_INFINITY : Math.min(phase.clearUntilMs, nowMs + TRANSITION_MS),
    isDoubtful: false,
    executed: [...phase.executed, transitionId].slice(-MAX_EXECUTED),
  };
  // It overtakes earlier announcements.
  const [next, ...others] = announced.slice(index + 1);
  if (phase.kind === "grouping") {
    const left = next === undefined ? [] : [next, ...others];
    const isOver = left.length === 0 && isClear;
    if (isOver) return { phase: { ...known, kind: "settled" }, note: { kind: "executed", begunMs: phase.sinceMs } };
    return { phase: { ...known, kind: "grouping", sinceMs: phase.sinceMs, announced: left }, note: NOTHING };
  }
  const note: PhaseNote = { kind: "executed", begunMs: phase.sinceMs };
  if (next === undefined) return { phase: { ...known, kind: "settled" }, note };
  return { phase: { ...known, kind: "pending", announced: [next, ...others] }, note };
}

function regroup(phase: DavePhase, nowMs: number): DavePhase {
  return { ...phase, kind: "grouping", sinceMs: nowMs, announced: announcedIn(phase) };
}

function announcedIn(phase: DavePhase): readonly Announced[] {
  return phase.kind === "settled" ? [] : phase.announced;
}
