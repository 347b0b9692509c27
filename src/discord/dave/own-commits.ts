import type { DAVESession } from "@discordjs/voice";

/** The two kinds of opcode 27: it adds proposals, or takes them back. https://daveprotocol.com/#dave_mls_proposals-27 */
const APPEND = 0;
const REVOKE = 1;

type Session = Pick<NonNullable<DAVESession["session"]>, "processProposals">;

/**
 * What we answer the voice server's proposals with: our commit of all proposals of an epoch, and its Welcome if it adds
 * somebody.
 *
 * davey 0.1.12 makes a Welcome only if the last message adds somebody. If one adds and the next one removes, those who
 * are added would never get in. If it is given the first message again, the commit is of the same proposals, and the
 * Welcome is there.
 */
export class OwnCommits {
  /** The newest proposals of this epoch that add somebody. */
  #adding: Buffer | undefined;

  /** The epoch is over. */
  forget(): void {
    this.#adding = undefined;
  }

  /**
   * @param payload of opcode 27
   * @returns payload of opcode 28, if there is anything to commit
   * @throws what davey throws
   */
  answer(session: Session, payload: Buffer, recognizedUserIds: string[]): Buffer | undefined {
    const process = (message: Buffer) =>
      session.processProposals(kindOf(message), message.subarray(1), recognizedUserIds);
    let { commit, welcome } = process(payload);
    // What is revoked may be what was added.
    if (kindOf(payload) === REVOKE) this.#adding = undefined;
    else if (welcome !== undefined) this.#adding = payload;
    else if (commit !== undefined && this.#adding !== undefined) ({ commit, welcome } = process(this.#adding));
    if (commit === undefined) return undefined;
    return welcome === undefined ? commit : Buffer.concat([commit, welcome]);
  }
}

function kindOf(proposals: Buffer): typeof APPEND | typeof REVOKE {
  const kind = proposals.readUInt8(0);
  if (kind !== APPEND && kind !== REVOKE) throw new Error(`proposals of an unknown kind, ${kind}`);
  return kind;
}
