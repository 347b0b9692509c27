import { randomBytes } from "node:crypto";
import davey from "@snazzah/davey";
import { describe, expect, it } from "vitest";
import { isDaveFrame } from "../../../src/discord/dave/dave-frame.ts";
import type { Committers } from "../../../src/loopback/dave/dave-group.ts";
import { parseCommitWelcome } from "../../../src/loopback/dave/mls.ts";
import { tonePacket } from "../../support/tone-call.ts";
import { CHANNEL_ID, createCall, ids } from "./group-call.ts";

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

  it("does not wait for people who are never let in", async () => {
    const call = createCall("speakers", { outsiders: ids.slice(0, 2) });
    call.speaker(0);
    const client = call.client(2);
    await call.settled(client);
    call.speaker(1);
    await new Promise(setImmediate);
    expect(call.group.isSettled(client.userId)).toBe(true);
    const member = call.speaker(3);
    await call.settled(member, client);
    call.expectHeard(member, client);
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
