import { randomBytes } from "node:crypto";
import davey from "@snazzah/davey";
import { describe, expect, it, onTestFinished } from "vitest";
import { isDaveFrame } from "../../../src/discord/dave/dave-frame.ts";
import { type Committers, DaveGroup, type DaveGroupOptions } from "../../../src/loopback/dave/dave-group.ts";
import type { DaveMember } from "../../../src/loopback/dave/dave-member.ts";
import { parseCommitWelcome } from "../../../src/loopback/dave/mls.ts";
import { Speaker } from "../../../src/loopback/senders/speaker.ts";
import { person, tonePacket } from "../../support/tone-call.ts";

/** davey.MediaType.AUDIO, which its types declare in a way that cannot be imported. */
const AUDIO = 0;
const CHANNEL_ID = "100000000000000002";
const ids = [1, 2, 3, 4].map((index) => person(index).id);

/** A client on the wire: processes each message at once, and answers a turn of the event loop later. */
class Client implements DaveMember {
  readonly remote = true;
  readonly userId: string;
  session: davey.DAVESession;
  readonly executed: number[] = [];
  /** What it answers proposals with instead of its own commit. */
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
    // Who came under version 0 is sent op 25 next, and answers that.
    if (this.#externalSender) this.startOver();
  }

  executeTransition(transitionId: number): void {
    this.executed.push(transitionId);
  }

  /** What discord.js does when it cannot decrypt: op 31, a new session, a new key package. */
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

function createCall(committers: Committers = "speakers", behaviour: Partial<DaveGroupOptions["behaviour"]> = {}) {
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
  /** What a speaker sends when it says 40 random bytes, and these bytes. */
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

describe.each<Committers>(["speakers", "clients"])("a group in which %s commit", (committers) => {
  it("lets a client hear speakers who were present before it", async () => {
    const call = createCall(committers);
    const speakers = [call.speaker(0), call.speaker(1)];
    await call.settled(...speakers);
    expect(call.group.epoch).toBe(1n);
    const client = call.client(2);
    await call.settled(client);
    expect(call.group.epoch).toBe(2n);
    for (const speaker of speakers) call.expectHeard(speaker, client);
  });

  it("keeps everyone audible through joins and leaves, and reuses freed leaves", async () => {
    const call = createCall(committers);
    const [first, second] = [call.speaker(0), call.speaker(1)];
    const client = call.client(2);
    await call.settled(client);
    call.group.leave(first.userId);
    await call.settled(second, client);
    call.expectHeard(second, client);
    const third = call.speaker(3);
    const other = call.client(0);
    await call.settled(third, other);
    for (const speaker of [second, third]) call.expectHeard(speaker, client, other);
  });

  it("continues without a client that leaves while it is asked to commit", async () => {
    const call = createCall(committers);
    const client = call.client(2);
    const [first, second] = [call.speaker(0), call.speaker(1)];
    await call.settled(client);
    const other = call.client(3);
    await new Promise(setImmediate);
    call.group.leave(client.userId);
    await call.settled(first, second, other);
    call.expectHeard(first, other);
  });
});

describe("a group", () => {
  it("has no key agreement while one member is alone", async () => {
    const call = createCall();
    const client = call.client(0);
    await call.settled(client);
    expect(call.group.epoch).toBe(0n);
    expect(client.session.ready).toBe(false);
  });

  it("is founded again when only one person is left, and again when somebody joins", async () => {
    const call = createCall();
    const speaker = call.speaker(0);
    const client = call.client(1);
    await call.settled(speaker, client);
    call.group.leave(speaker.userId);
    await call.settled(client);
    expect(call.group.epoch).toBe(0n);
    expect(client.session.ready).toBe(false);
    const returned = call.speaker(0);
    await call.settled(returned, client);
    expect(call.group.epoch).toBe(1n);
    call.expectHeard(returned, client);
  });

  it("keeps a speaker on its old key until the client has confirmed the new one", async () => {
    const call = createCall();
    const [first, second] = [call.speaker(0), call.speaker(1)];
    const client = call.client(2);
    await call.settled(first, second, client);
    const before = call.says(first);
    call.speaker(3);
    await Promise.resolve();
    expect(call.group.epoch).toBe(3n);
    const during = call.says(first);
    expect(client.hears(first.userId, before.sent)).toEqual(before.opus);
    expect(client.hears(first.userId, during.sent)).toEqual(during.opus);
    expect(client.executed.at(-1)).toBe(1);
    await call.settled(client);
    expect(client.executed.at(-1)).toBe(2);
    call.expectHeard(first, client);
  });

  it("delivers packets spoken before there was a key once there is one", async () => {
    const call = createCall();
    const speaker = call.speaker(0);
    const { rtp } = tonePacket(1, 0, 0);
    speaker.say({ rtp, index: 0 });
    expect(call.said).toEqual([]);
    const client = call.client(1);
    await call.settled(speaker, client);
    expect(call.said.map((sent) => client.hears(speaker.userId, sent))).toEqual([rtp.subarray(12)]);
  });

  it("executes a transition after its clients are ready, and speakers change keys then", async () => {
    const call = createCall("speakers", { executeTransitionAfterMs: 300 });
    const [first, second] = [call.speaker(0), call.speaker(1)];
    await call.settled(first, second);
    const client = call.client(2);
    while (!client.session.ready) await new Promise(setImmediate);
    await new Promise((resolve) => setTimeout(resolve, 50));
    // It has the keys of the new epoch, and nobody uses them yet.
    expect(client.executed).toEqual([]);
    const early = call.says(first);
    expect(() => client.hears(first.userId, early.sent)).toThrow();
    await call.settled(first, second, client);
    expect(client.executed).toEqual([1]);
    call.expectHeard(first, client);
  });

  it("leaves outsiders out, from the start or later, who speak with keys that nobody has", async () => {
    const call = createCall("speakers", { outsiders: [ids[0] ?? ""] });
    const [outsider, first, second] = [call.speaker(0), call.speaker(1), call.speaker(3)];
    const client = call.client(2);
    await call.settled(first, second, client);
    call.expectHeard(first, client);
    const { sent, opus } = call.says(outsider);
    expect(isDaveFrame(sent)).toBe(true);
    expect(sent.subarray(0, opus.length)).not.toEqual(opus);
    expect(() => client.hears(outsider.userId, sent)).toThrow();
    const before = call.says(second);
    call.group.exclude(second.userId);
    await call.settled(first, client);
    expect(client.session.getUserIds()).not.toContain(second.userId);
    expect(() => client.hears(second.userId, call.says(second).sent)).toThrow();
    expect(before.sent).not.toEqual(before.opus);
  });

  it("refuses a commit that lacks a proposal, if each proposal comes in its own message", async () => {
    const call = createCall("clients", { proposesOneByOne: true });
    const [first, second] = [call.speaker(0), call.speaker(1)];
    const client = call.client(2);
    await call.settled(first, second, client);
    const epoch = call.group.epoch;
    call.group.leave(second.userId);
    const third = call.speaker(3);
    await call.settled(first, third, client);
    expect(call.group.epoch).toBe(epoch + 1n);
    call.expectHeard(third, client);
  });

  it("refuses a commit without a Welcome from a member who is alone with newcomers", async () => {
    const call = createCall("clients", { proposesOneByOne: true });
    const first = call.speaker(0);
    const client = call.client(2);
    await call.settled(first, client);
    const { epoch } = call.group;
    const answers: boolean[] = [];
    client.forge = (answer) => {
      answers.push(parseCommitWelcome(answer)?.welcome !== undefined);
      return answer;
    };
    call.group.leave(first.userId);
    const late = call.speaker(3);
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
    // davey's fault: the second message only removes.
    expect(answers).toEqual([true, false]);
    expect([call.group.epoch, call.group.isSettled(late.userId)]).toEqual([epoch, false]);
    client.startOver();
    await call.settled(late, client);
    call.expectHeard(late, client);
  });

  it("stops waiting for a transition that is never executed when a client leaves the group", async () => {
    const call = createCall("speakers", { executeTransitionAfterMs: Number.MAX_SAFE_INTEGER });
    const [first, second] = [call.speaker(0), call.speaker(1)];
    await call.settled(first, second);
    const client = call.client(2);
    while (!client.session.ready) await new Promise(setImmediate);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(() => client.hears(first.userId, call.says(first).sent)).toThrow();
    const { epoch } = call.group;
    call.group.invalidCommitWelcome(client.userId);
    call.expectHeard(first, client);
    client.startOverWithAnother();
    while (!client.session.ready) await new Promise(setImmediate);
    expect(call.group.epoch).toBe(epoch + 1n);
    expect(client.executed).toEqual([]);
  });

  it("lets a speaker send unencrypted for a while", async () => {
    const call = createCall();
    const speaker = call.speaker(0);
    const client = call.client(1);
    await call.settled(speaker, client);
    speaker.dropKeys(60_000);
    const clear = call.says(speaker);
    expect(clear.sent).toEqual(clear.opus);
    speaker.dropKeys(0);
    call.expectHeard(speaker, client);
  });

  it("passes unencrypted silence", async () => {
    const call = createCall();
    const speaker = call.speaker(0);
    await call.settled(speaker, call.client(1));
    const rtp = Buffer.concat([tonePacket(1, 0, 0).rtp.subarray(0, 12), Buffer.from("f8fffe", "hex")]);
    speaker.say({ rtp, index: 0 });
    expect(call.said.at(-1)?.toString("hex")).toBe("f8fffe");
  });

  it("readmits a member that could not use its commit", async () => {
    const call = createCall();
    const [first, second] = [call.speaker(0), call.speaker(1)];
    const client = call.client(2);
    await call.settled(first, second, client);
    call.group.invalidCommitWelcome(client.userId);
    client.startOver();
    await new Promise(setImmediate);
    await call.settled(client);
    for (const speaker of [first, second]) call.expectHeard(speaker, client);
  });

  it("survives a well-formed but wrong commit", async () => {
    const call = createCall("clients");
    const first = call.speaker(0);
    const client = call.client(1);
    await call.settled(first, client);
    client.forge = (commitWelcome) => {
      const forged = Buffer.from(commitWelcome);
      const lastOfMembershipTag = (parseCommitWelcome(forged)?.commit.length ?? 0) - 1;
      forged.writeUInt8(forged.readUInt8(lastOfMembershipTag) ^ 1, lastOfMembershipTag);
      return forged;
    };
    const late = call.speaker(2);
    await new Promise(setImmediate);
    client.forge = undefined;
    await call.settled(first, late, client);
    for (const speaker of [first, late]) call.expectHeard(speaker, client);
  });

  it("ends in version 0, in which nobody encrypts, and is founded again with version 1", async () => {
    const call = createCall();
    const speaker = call.speaker(0);
    const client = call.client(1);
    await call.settled(speaker, client);
    call.group.changeVersion(0);
    await call.settled(speaker, client);
    expect(call.group.version).toBe(0);
    const plain = call.says(speaker);
    expect(plain.sent).toEqual(plain.opus);
    const late = call.speaker(2);
    const lateClient = call.client(3);
    await call.settled(late, lateClient);
    const alsoPlain = call.says(late);
    expect(alsoPlain.sent).toEqual(alsoPlain.opus);
    const executed = client.executed.at(-1) ?? 0;
    call.group.changeVersion(1);
    await Promise.resolve();
    const during = call.says(speaker);
    expect(during.sent).toEqual(during.opus);
    await call.settled(speaker, late, client, lateClient);
    expect(call.group.version).toBe(1);
    expect(client.executed.at(-1)).toBeGreaterThan(executed);
    for (const from of [speaker, late]) call.expectHeard(from, client, lateClient);
  });

  it("is founded without a client that does not answer an upgrade", async () => {
    const call = createCall();
    const [first, second] = [call.speaker(0), call.speaker(1)];
    const client = call.client(2);
    await call.settled(first, second, client);
    call.group.changeVersion(0);
    await call.settled(client);
    client.beginGroup = () => undefined;
    call.group.changeVersion(1);
    await call.settled(first, second);
    const { sent, opus } = call.says(first);
    expect(sent).not.toEqual(opus);
    expect(call.group.hasKeys(client.userId)).toBe(false);
  });

  it("is founded again while people talk, who keep their keys until the new one is executed", async () => {
    const call = createCall("speakers", { executeTransitionAfterMs: 200 });
    const [first, second] = [call.speaker(0), call.speaker(1)];
    const client = call.client(2);
    await call.settled(first, second, client);
    const old = client.session;
    client.beginGroup = () => client.startOverWithAnother();
    const executed = client.executed.length;
    call.group.renew();
    while (!client.session.ready || client.session === old) await new Promise(setImmediate);
    const early = call.says(first);
    expect(client.executed).toHaveLength(executed);
    expect(() => client.hears(first.userId, early.sent)).toThrow();
    expect(old.decrypt(first.userId, AUDIO, early.sent)).toEqual(early.opus);
    await call.settled(first, second, client);
    expect(client.executed).toHaveLength(executed + 1);
    for (const speaker of [first, second]) call.expectHeard(speaker, client);
  });

  it("executes a downgrade that a client never confirms", async () => {
    const call = createCall();
    const speaker = call.speaker(0);
    const client = call.client(1);
    await call.settled(speaker, client);
    client.prepareDowngrade = () => undefined;
    call.group.changeVersion(0);
    await call.settled(client);
    expect(call.group.version).toBe(0);
  });

  it("lets speakers lag behind clients by the requested time", async () => {
    const call = createCall();
    const [first, second] = [call.speaker(0), call.speaker(1)];
    const client = call.client(2);
    await call.settled(first, second, client);
    call.group.senderLagMs = 100;
    const executed = client.executed.length;
    call.group.leave(second.userId);
    while (client.executed.length === executed) await new Promise(setImmediate);
    const late = call.says(first);
    expect(call.group.isSettled(client.userId)).toBe(false);
    expect(client.hears(first.userId, late.sent)).toEqual(late.opus);
    await call.settled(first, client);
    call.expectHeard(first, client);
  });

  it("ignores malformed key packages and commits, and those of another group", async () => {
    const call = createCall();
    const client = call.client(0);
    await call.settled(client);
    const other = new davey.DAVESession(1, ids[1] ?? "", CHANNEL_ID);
    call.group.keyPackage(client.userId, other.getSerializedKeyPackage());
    call.group.keyPackage(client.userId, randomBytes(300));
    call.group.commitWelcome(client.userId, randomBytes(300));
    const speaker = call.speaker(2);
    await call.settled(speaker, client);
    call.expectHeard(speaker, client);
  });
});
