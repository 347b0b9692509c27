import { describe, expect, it } from "vitest";
import { tonePacket } from "../../support/tone-call.ts";
import { AUDIO, createCall } from "./group-call.ts";

describe("a group", () => {
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
});
