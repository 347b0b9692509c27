import type { Change } from "./dave-roster.ts";
import {
  addProposal,
  appendProposals,
  type CommitWelcome,
  type ExternalSender,
  removeProposal,
  type SignedProposal,
} from "./mls.ts";

export interface Epoch {
  readonly groupId: Buffer;
  readonly number: bigint;
}

/** What the voice server proposes in one epoch of a group. */
export class Proposals {
  readonly #epoch: Epoch;
  readonly #proposals: readonly { readonly change: Change; readonly signed: SignedProposal }[];

  constructor(sender: ExternalSender, epoch: Epoch, changes: readonly Change[]) {
    this.#epoch = epoch;
    this.#proposals = changes.map((change) => {
      const proposal = change.kind === "add" ? addProposal(change.keyPackage) : removeProposal(change.leafIndex);
      return { change, signed: sender.propose(epoch.groupId, epoch.number, proposal) };
    });
  }

  /** Payload of op 27 with those that concern somebody. */
  message(concerns: (change: Change) => boolean): Buffer {
    return appendProposals(this.#proposals.filter(({ change }) => concerns(change)).map(({ signed }) => signed));
  }

  /** Undefined where the commit is for another group or epoch, names an unknown proposal, or lacks its welcome. */
  committedBy(commit: CommitWelcome): readonly Change[] | undefined {
    if (!commit.groupId.equals(this.#epoch.groupId) || commit.epoch !== this.#epoch.number) return undefined;
    const offered = new Map(this.#proposals.map(({ change, signed }) => [signed.reference, change]));
    const changes = commit.references.map((reference) => offered.get(reference));
    if (commit.welcome === undefined && changes.some((change) => change?.kind === "add")) return undefined;
    return changes.every((change) => change !== undefined) ? changes : undefined;
  }
}
