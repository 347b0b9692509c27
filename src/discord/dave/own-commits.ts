import type { DAVESession } from "@discordjs/voice";

/** The two kinds of opcode 27: it adds or revokes proposals. https://daveprotocol.com/#dave_mls_proposals-27 */
const APPEND = 0;
const REVOKE = 1;

type Session = Pick<NonNullable<DAVESession["session"]>, "processProposals">;

/**
 * Answers the voice server's proposals with our commit of all proposals of an epoch, and its Welcome if it adds
 * somebody.
 *
 * davey 0.1.12 makes a Welcome only if the last message adds somebody. If one message adds and the next removes, the
 * added people would never get in. Passing the first message again gives a commit of the same proposals with the
 * Welcome.
 */
export class OwnCommits {
  /** The newest proposals of this epoch that add somebody. */
  #adding: Buffer | undefined;

  /** Call when the epoch is over. */
  forget(): void {
    this.#adding = undefined;
  }

  /**
   * @param payload of opcode 27
   * @returns payload of opcode 28; undefined if there is nothing to commit
   * @throws davey's errors
   */
  answer(session: Session, payload: Buffer, recognizedUserIds: string[]): Buffer | undefined {
    const process = (message: Buffer) =>
      session.processProposals(kindOf(message), message.subarray(1), recognizedUserIds);
    let { commit, welcome } = process(payload);
    // The revoked proposals may include the addition.
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
