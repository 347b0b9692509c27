import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { buildRtpHeader } from "../../../src/audio/rtp.ts";
import type { ClientPacket, LoopbackOptions } from "../../../src/loopback/loopback.ts";
import { TransportCipher } from "../../../src/loopback/voice/transport-crypto.ts";
import { JsonSocket } from "../../support/json-socket.ts";
import { bindUdp, connect, invite, join } from "../../support/raw-client.ts";
import { testLoopback } from "../../support/test-loopback.ts";
import { CHANNEL_ID, GUILD_ID, person, toneCall } from "../../support/tone-call.ts";

/** A call of one, without end-to-end encryption. */
const plain: Partial<LoopbackOptions> = {
  fixture: toneCall([{ user: person(1), speaksFromMs: 0, packetCount: 3 }]),
  daveProtocolVersion: 0,
  behaviour: { speakingAtConnect: null },
};

describe("identify on the voice gateway", () => {
  it("is answered with an SSRC, the UDP port and the offered modes", async () => {
    const loopback = await testLoopback({ ...plain, encryptionModes: ["aead_xchacha20_poly1305_rtpsize"] });
    const invitation = await invite(loopback);
    const socket = connect(invitation);
    socket.send(0, invitation.identify);
    const { d } = await socket.frame({ op: 2 });
    expect(d).toMatchObject({ ip: "127.0.0.1", modes: ["aead_xchacha20_poly1305_rtpsize"], ssrc: expect.any(Number) });
    expect(socket.frames[0]).toMatchObject({ op: 8, d: { v: 8, heartbeat_interval: expect.any(Number) } });
  });

  it.each([
    ["4004 for an unknown token", 4004, { token: "wrong" }],
    ["4004 for another user", 4004, { user_id: person(1).id }],
    ["4006 for another session", 4006, { session_id: "wrong" }],
    ["4011 for another guild", 4011, { server_id: person(1).id }],
    ["4002 for a missing field", 4002, { server_id: undefined }],
  ])("is refused with %s", async (_name, code, change) => {
    const invitation = await invite(await testLoopback(plain));
    const socket = connect(invitation);
    socket.send(0, { ...invitation.identify, ...change });
    expect(await socket.closeCode()).toBe(code);
  });

  it("is refused with 4017 without DAVE if the call uses it", async () => {
    const invitation = await invite(await testLoopback());
    const socket = connect(invitation);
    socket.send(0, { ...invitation.identify, max_dave_protocol_version: 0 });
    expect(await socket.closeCode()).toBe(4017);
  });

  it("fails at the handshake for a client that does not know the CA", async () => {
    const { endpoint } = await invite(await testLoopback(plain));
    const stranger = new JsonSocket(`wss://${endpoint}?v=8`);
    await expect(stranger.frame({ op: 8 })).rejects.toThrow("unable to verify the first certificate");
  });
});

describe("op 1", () => {
  it.each([
    ["4016 for a mode that was not offered", 4016, { protocol: "udp", mode: "xsalsa20_poly1305" }],
    ["4012 for another protocol", 4012, { protocol: "webrtc", mode: "aead_aes256_gcm_rtpsize" }],
  ])("is refused with %s", async (_name, code, { protocol, mode }) => {
    const invitation = await invite(await testLoopback(plain));
    const socket = connect(invitation);
    socket.send(0, invitation.identify);
    await socket.frame({ op: 2 });
    socket.send(1, { protocol, data: { address: "127.0.0.1", port: 1, mode } });
    expect(await socket.closeCode()).toBe(code);
  });
});

describe("a voice session", () => {
  it("gets its address, the people in the channel, its key, and who speaks, in numbered messages", async () => {
    const { socket, ready, udp, discovery } = await join(await testLoopback(plain));
    expect(discovery.readUInt16BE(0)).toBe(2);
    expect(discovery.readUInt16BE(2)).toBe(70);
    expect(discovery.readUInt32BE(4)).toBe(ready.ssrc);
    expect(discovery.toString("ascii", 8, discovery.indexOf(0, 8))).toBe("127.0.0.1");
    expect(discovery.readUInt16BE(72)).toBe(udp.address().port);
    await socket.frame({ op: 5 });
    expect(socket.frames.slice(2)).toMatchObject([
      { op: 11, d: { user_ids: [person(1).id] }, seq: 1 },
      { op: 4, d: { mode: "aead_aes256_gcm_rtpsize", dave_protocol_version: 0 }, seq: 2 },
      { op: 5, d: { user_id: person(1).id, ssrc: 1_000, speaking: 1 }, seq: 3 },
    ]);
  });

  it.each(["aead_aes256_gcm_rtpsize", "aead_xchacha20_poly1305_rtpsize"])(
    "receives the call's RTP packets, including their headers, sealed with %s",
    async (mode) => {
      const loopback = await testLoopback(plain);
      const { udp, cipher } = await join(loopback, mode);
      const received: Buffer[] = [];
      udp.on("message", (datagram) => {
        const opened = cipher.open(datagram, 12);
        if (opened) received.push(Buffer.concat([datagram.subarray(0, 12), opened]));
      });
      await loopback.played;
      while (received.length < 3) await once(udp, "message");
      expect(received).toEqual([...(plain.fixture?.packets.values() ?? [])].flat().map(({ rtp }) => rtp));
      expect([...loopback.sent]).toEqual([[person(1).id, 3]]);
    },
  );

  it("has its keep-alives and heartbeats answered", async () => {
    const { socket, udp, ready } = await join(await testLoopback({ daveProtocolVersion: 0 }));
    udp.send(Buffer.from("0100000000000000", "hex"), ready.port, "127.0.0.1");
    const [echo] = await once(udp, "message");
    expect(echo.toString("hex")).toBe("0100000000000000");
    socket.send(3, { t: 77, seq_ack: 1 });
    expect((await socket.frame({ op: 6 })).d).toEqual({ t: 77 });
  });

  it("passes on what clients send, and drops forged datagrams", async () => {
    const packets: ClientPacket[] = [];
    let notify = (): void => undefined;
    const loopback = await testLoopback({
      daveProtocolVersion: 0,
      onClientPacket: (packet) => {
        packets.push(packet);
        notify();
      },
    });
    const { udp, ready, cipher } = await join(loopback);
    const header = buildRtpHeader({ payloadType: 120, sequence: 9, rtpTimestamp: 960, ssrc: ready.ssrc });
    const elsewhere = await bindUdp();
    const arrived = new Promise<void>((resolve) => {
      notify = resolve;
    });
    elsewhere.send(cipher.seal(header, Buffer.from("from elsewhere")), ready.port, "127.0.0.1");
    udp.send(new TransportCipher(cipher.mode).seal(header, Buffer.from("another key")), ready.port, "127.0.0.1");
    udp.send(Buffer.alloc(200, 0x80), ready.port, "127.0.0.1");
    udp.send(cipher.seal(header, Buffer.from("genuine")), ready.port, "127.0.0.1");
    await arrived;
    expect(packets.map(({ userId, rtp }) => [userId, rtp.toString()])).toEqual([
      [loopback.botUserId, Buffer.concat([header, Buffer.from("genuine")]).toString()],
    ]);
  });

  it("whose socket broke is resumed with everything after seq_ack", async () => {
    const { invitation, socket } = await join(await testLoopback(plain));
    await socket.frame({ op: 5 });
    await socket.terminate();
    const resumed = connect(invitation);
    resumed.send(7, { ...invitation.identify, seq_ack: 1 });
    await resumed.frame({ op: 5 });
    expect(resumed.frames.slice(1)).toMatchObject([{ op: 9 }, { op: 4, seq: 2 }, { op: 5, seq: 3 }]);
  });

  it("that was closed with 1000 cannot be resumed", async () => {
    const { invitation, socket } = await join(await testLoopback(plain));
    await socket.close(1000);
    const resumed = connect(invitation);
    resumed.send(7, { ...invitation.identify, seq_ack: 1 });
    expect(await resumed.closeCode()).toBe(4006);
  });

  it("is closed with 4014 when the bot leaves the channel", async () => {
    const { invitation, socket } = await join(await testLoopback(plain));
    invitation.gateway.send(4, { guild_id: GUILD_ID, channel_id: null, self_mute: false, self_deaf: false });
    expect(await socket.closeCode()).toBe(4014);
  });

  it("is ended by another session of the same bot", async () => {
    const loopback = await testLoopback(plain);
    const { socket } = await join(loopback);
    const second = join(loopback);
    expect(await socket.closeCode()).toBe(4014);
    expect((await second).description.mode).toBe("aead_aes256_gcm_rtpsize");
  });

  it("only changes its flags if op 4 names its current channel", async () => {
    const { invitation, socket } = await join(await testLoopback(plain));
    const { gateway } = invitation;
    gateway.send(4, { guild_id: GUILD_ID, channel_id: CHANNEL_ID, self_mute: true, self_deaf: false });
    gateway.send(1, null);
    await gateway.frame({ op: 11 });
    const updates = gateway.frames.filter((frame) => "t" in frame && String(frame.t).startsWith("VOICE_"));
    expect(updates).toMatchObject([
      { t: "VOICE_STATE_UPDATE", d: { self_mute: false } },
      { t: "VOICE_SERVER_UPDATE" },
      { t: "VOICE_STATE_UPDATE", d: { self_mute: true } },
    ]);
    socket.send(3, { t: 1 });
    await socket.frame({ op: 6 });
  });
});
