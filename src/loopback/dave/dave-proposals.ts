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

/** The voice server's proposals in one epoch of a group. */
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

  /**
   * Payloads of op 27 with the proposals: all in one, or each in a separate one. In that case adds come before removes,
   * the order in which davey makes a commit without a Welcome.
   *
   * @returns how many proposals there are in them, too
   */
  messages(concerns: (change: Change) => boolean, oneByOne: boolean): { messages: readonly Buffer[]; count: number } {
    const concerning = this.#proposals.filter(({ change }) => concerns(change));
    const [adds, removes] = (["add", "remove"] as const).map((kind) =>
      concerning.filter(({ change }) => change.kind === kind).map(({ signed }) => appendProposals([signed])),
    );
    const messages = oneByOne
      ? [...(adds ?? []), ...(removes ?? [])]
      : [appendProposals(concerning.map(({ signed }) => signed))];
    return { messages, count: concerning.length };
  }

  /** Undefined if the commit is for another group or epoch, names an unknown proposal, or lacks its welcome. */
  committedBy(commit: CommitWelcome): readonly Change[] | undefined {
    if (!commit.groupId.equals(this.#epoch.groupId) || commit.epoch !== this.#epoch.number) return undefined;
    const offered = new Map(this.#proposals.map(({ change, signed }) => [signed.reference, change]));
    const changes = commit.references.map((reference) => offered.get(reference));
    if (commit.welcome === undefined && changes.some((change) => change?.kind === "add")) return undefined;
    return changes.every((change) => change !== undefined) ? changes : undefined;
  }
}
