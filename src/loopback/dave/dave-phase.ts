import type { Proposals } from "./dave-proposals.ts";

/** Members have proposals, and one of them must commit them. */
export interface ProposedPhase {
  readonly kind: "proposed";
  readonly proposals: Proposals;
  /** Members that have proposals and can commit them, with the number sent to each. */
  readonly candidates: Map<string, number>;
  /** A simulated speaker's commit, taken at once or when no client commits. */
  fallback?: { readonly userId: string; readonly payload: Buffer; readonly offered: number };
  timer?: NodeJS.Timeout;
}

/** A transition was announced to the clients, and each must confirm that it is ready. */
export interface TransitionPhase {
  readonly kind: "transition";
  readonly transitionId: number;
  readonly waitingFor: Set<string>;
  readonly timer: NodeJS.Timeout;
  /** The protocol version it leads to. */
  readonly version: 0 | 1;
}

/** Clients are ready for a transition, and wait for op 22, which executes it. */
export interface ExecutingPhase {
  readonly kind: "executing";
  readonly transitionId: number;
  readonly timer: NodeJS.Timeout;
  readonly version: 0 | 1;
}

/** Clients have executed a transition, speakers still encrypt in the epoch before it. */
interface LaggingPhase {
  readonly kind: "lagging";
  readonly timer: NodeJS.Timeout;
}

/** An upgrade waits for everyone's key package, because a member missing in the first group would hear nothing. */
interface GatheringPhase {
  readonly kind: "gathering";
  readonly timer: NodeJS.Timeout;
}

export type Phase =
  | { readonly kind: "settled" }
  | ProposedPhase
  | TransitionPhase
  | ExecutingPhase
  | LaggingPhase
  | GatheringPhase;
