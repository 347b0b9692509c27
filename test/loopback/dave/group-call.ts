import davey from "@snazzah/davey";
import { expect, onTestFinished } from "vitest";
import { type Committers, DaveGroup, type DaveGroupOptions } from "../../../src/loopback/dave/dave-group.ts";
import type { DaveMember } from "../../../src/loopback/dave/dave-member.ts";
import { Speaker } from "../../../src/loopback/senders/speaker.ts";
import { person, tonePacket } from "../../support/tone-call.ts";

/** davey.MediaType.AUDIO, which its types declare in a way that cannot be imported. */
export const AUDIO = 0;
export const CHANNEL_ID = "100000000000000002";
export const ids = [1, 2, 3, 4].map((index) => person(index).id);

/** A client on the wire: processes each message at once, and answers a turn of the event loop later. */
export class Client implements DaveMember {
  readonly remote = true;
  readonly userId: string;
  session: davey.DAVESession;
  readonly executed: number[] = [];
  /** Replaces its own commit in the answer to proposals. */
  forge: ((commitWelcome: Buffer) => Buffer) | undefined;
  readonly #group: DaveGroup;
  #externalSender: Buffer | undefined;

  constructor(userId: string, group: DaveGroup) {
    this.userId = userId;
    this.session = new davey.DAVESession(1, userId, CHANNEL_ID);
    this.#group = group;
  }

  receiveExternalSender(payload: Buffer): void {
    this.#externalSender = payload;
    this.session.setExternalSender(payload);
    this.#sendKeyPackage();
  }

  receiveProposals(payload: Buffer): void {
    const { commit, welcome } = this.session.processProposals(payload.readUInt8(0), payload.subarray(1));
    if (commit === undefined) return;
    const commitWelcome = welcome ? Buffer.concat([commit, welcome]) : commit;
    setImmediate(() => this.#group.commitWelcome(this.userId, this.forge?.(commitWelcome) ?? commitWelcome));
  }

  receiveCommit(transitionId: number, commit: Buffer): void {
    this.#process(transitionId, () => this.session.processCommit(commit));
  }

  receiveWelcome(transitionId: number, welcome: Buffer): void {
    this.#process(transitionId, () => this.session.processWelcome(welcome));
  }

  prepareDowngrade(transitionId: number): void {
    setImmediate(() => this.#group.transitionReady(this.userId, transitionId));
  }

  beginGroup(): void {
    // A client that came under version 0 gets op 25 next, and answers that.
    if (this.#externalSender) this.startOver();
  }

  executeTransition(transitionId: number): void {
    this.executed.push(transitionId);
  }

  /** Does what discord.js does when it cannot decrypt: op 31, a new session, a new key package. */
  startOver(): void {
    this.session.reinit(1, this.userId, CHANNEL_ID);
    this.#sendKeyPackage();
  }

  /** Keeps the keys that it had, in a session that is left. */
  startOverWithAnother(): void {
    this.session = new davey.DAVESession(1, this.userId, CHANNEL_ID);
    if (this.#externalSender !== undefined) this.session.setExternalSender(this.#externalSender);
    this.#sendKeyPackage();
  }

  whenCaughtUp(callback: () => void): void {
    setImmediate(callback);
  }

  hears(userId: string, opus: Buffer): Buffer {
    return this.session.decrypt(userId, AUDIO, opus);
  }

  #process(transitionId: number, process: () => void): void {
    try {
      process();
      if (transitionId !== 0) setImmediate(() => this.#group.transitionReady(this.userId, transitionId));
    } catch {
      this.#group.invalidCommitWelcome(this.userId);
      this.startOver();
    }
  }

  #sendKeyPackage(): void {
    const keyPackage = this.session.getSerializedKeyPackage();
    setImmediate(() => this.#group.keyPackage(this.userId, keyPackage));
  }
}

export function createCall(
  committers: Committers = "speakers",
  behaviour: Partial<DaveGroupOptions["behaviour"]> = {},
) {
  let onSettled = (): void => undefined;
  const group = new DaveGroup({
    channelId: CHANNEL_ID,
    committers,
    behaviour: { executeTransitionAfterMs: 0, proposesOneByOne: false, outsiders: [], ...behaviour },
    onSettled: () => onSettled(),
    log: () => undefined,
  });
  onTestFinished(() => group.close());
  const said: Buffer[] = [];
  const speaker = (index: number): Speaker => {
    const created = new Speaker(ids[index] ?? "", CHANNEL_ID, group, ({ rtp }) => said.push(rtp.subarray(12)));
    group.join(created);
    return created;
  };
  const client = (index: number): Client => {
    const created = new Client(ids[index] ?? "", group);
    group.join(created);
    return created;
  };
  /** Waits until the group has come to rest with these in it. */
  const settled = async (...members: readonly { readonly userId: string }[]): Promise<void> => {
    while (!members.every(({ userId }) => group.isSettled(userId))) {
      await new Promise<void>((resolve) => {
        onSettled = resolve;
        setImmediate(resolve);
      });
    }
  };
  /** Lets a speaker send 40 random bytes. @returns the sent packet, and these bytes */
  const says = (from: Speaker): { readonly sent: Buffer; readonly opus: Buffer } => {
    const { rtp } = tonePacket(1, said.length, 0);
    from.say({ rtp, index: 0 });
    const sent = said.at(-1);
    if (sent === undefined) throw new Error("the speaker has no key yet");
    return { sent, opus: rtp.subarray(12) };
  };
  const expectHeard = (from: Speaker, ...by: readonly Client[]): void => {
    const { sent, opus } = says(from);
    expect(sent).not.toEqual(opus);
    for (const listener of by) expect(listener.hears(from.userId, sent)).toEqual(opus);
  };
  return { group, speaker, client, settled, says, expectHeard, said };
}
