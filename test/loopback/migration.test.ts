import { once } from "node:events";
import { describe, expect, it, onTestFinished } from "vitest";
import { parseRtpHeader } from "../../src/audio/rtp.ts";
import { ClientProcess } from "../support/client-process.ts";
import type { JsonSocket } from "../support/json-socket.ts";
import { connect, enter, eventsOf, type Invitation, join, redirect } from "../support/raw-client.ts";
import { testLoopback } from "../support/test-loopback.ts";
import { person, saidBy, toneCall } from "../support/tone-call.ts";

const [ALICE, BOB] = [person(1), person(2)];

const updatesOf = (gateway: JsonSocket) => eventsOf(gateway).filter(({ t }) => t === "VOICE_SERVER_UPDATE");

async function update(gateway: JsonSocket, index: number) {
  for (;;) {
    const found = updatesOf(gateway)[index];
    if (found) return found;
    await gateway.change();
  }
}

describe("a voice server that is replaced", () => {
  it("moves everyone to another one: endpoint, token, port, key, SSRCs and counters are new", async () => {
    const fixture = toneCall([{ user: ALICE, speaksFromMs: 0, packetCount: 100 }]);
    const loopback = await testLoopback({ fixture, daveProtocolVersion: 0 });
    const before = await join(loopback);
    const { gateway } = before.invitation;
    await once(before.udp, "message");
    await loopback.faults.migrateVoice();
    const next = redirect(before.invitation, await update(gateway, 1));
    expect(next.endpoint).not.toBe(before.invitation.endpoint);
    expect(next.identify.token).not.toBe(before.invitation.identify.token);
    const after = await enter(next);
    expect(after.ready.port).not.toBe(before.ready.port);
    expect(after.cipher.secretKey.equals(before.cipher.secretKey)).toBe(false);
    const [datagram] = (await once(after.udp, "message")) as [Buffer];
    const header = parseRtpHeader(datagram);
    const { d } = await after.socket.frame({ op: 5 });
    expect(d).toMatchObject({ user_id: ALICE.id, ssrc: header?.ssrc });
    expect(header?.ssrc).not.toBe(1_000);
    const opus = after.cipher.open(datagram, 12)?.toString("hex");
    expect(saidBy(fixture, ALICE.id)).toContain(opus);
    expect(await before.socket.closeCode()).toBe(4022);
  });

  it("can begin with a null endpoint: voice closes at once, and the new endpoint comes later", async () => {
    const loopback = await testLoopback({ daveProtocolVersion: 0 });
    const { invitation, socket } = await join(loopback);
    const migrated = loopback.faults.migrateVoice({ nullEndpointFirstMs: 100 });
    expect(await socket.closeCode()).toBe(4022);
    expect(await update(invitation.gateway, 1)).toMatchObject({ d: { endpoint: null } });
    const refused = connect(invitation);
    refused.send(0, invitation.identify);
    expect(await refused.closeCode()).toBe(4006);
    await migrated;
    const next: Invitation = redirect(invitation, await update(invitation.gateway, 2));
    expect((await enter(next)).description.mode).toBe("aead_aes256_gcm_rtpsize");
  });

  it("is abandoned by a loopback that closes in the middle of it", async () => {
    const loopback = await testLoopback({ daveProtocolVersion: 0 });
    await join(loopback);
    const migrated = loopback.faults.migrateVoice({ nullEndpointFirstMs: 60_000 });
    await loopback.close();
    await migrated;
  });

  it("is followed by discord.js, which then hears everyone again, in a new group", async () => {
    const fixture = toneCall([
      { user: ALICE, speaksFromMs: 0, packetCount: 150 },
      { user: BOB, speaksFromMs: 0, packetCount: 150 },
    ]);
    const loopback = await testLoopback({ fixture });
    const client = new ClientProcess("discord-js.mjs", loopback.environment);
    onTestFinished(() => client.kill());
    await client.until(() => client.heard(BOB.id).length > 10);
    await loopback.faults.migrateVoice();
    await loopback.played;
    for (const { id } of [ALICE, BOB]) {
      const said = saidBy(fixture, id);
      await client.until(() => client.heard(id).at(-1) === said.at(-1));
      // The library passes on what it cannot decrypt yet. That is not a packet of the call.
      const heard = client
        .heard(id)
        .flatMap((opus) => (said.includes(String(opus)) ? [said.indexOf(String(opus))] : []));
      expect(heard).toEqual([...loopback.decryptableOf(id)]);
      const sent = loopback.sentOf(id);
      expect(sent.size).toBeLessThan(said.length);
    }
  });
});
