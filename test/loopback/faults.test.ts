import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { INTENT } from "../../src/loopback/gateway/gateway-session.ts";
import type { Loopback, LoopbackOptions } from "../../src/loopback/loopback.ts";
import {
  bindUdp,
  catchUp,
  connect,
  enter,
  eventsOf,
  identify,
  invite,
  join,
  openGateway,
  redirect,
} from "../support/raw-client.ts";
import { testLoopback } from "../support/test-loopback.ts";
import { CHANNEL_ID, GUILD_ID, person, TEXT_CHANNEL_ID, toneCall } from "../support/tone-call.ts";

const ELSEWHERE_ID = "100000000000000004";

/** A call of one, without end-to-end encryption. */
const plain: Partial<LoopbackOptions> = {
  fixture: toneCall([{ user: person(1), speaksFromMs: 0, packetCount: 3 }]),
  daveProtocolVersion: 0,
  behaviour: { speakingAtConnect: null },
};

const kindsOf = ({ log }: Loopback) => log.filter(({ kind }) => kind !== "rest").map(({ kind }) => kind);

async function post(loopback: Loopback, content: string): Promise<void> {
  await fetch(`${loopback.restUrl}/v10/channels/${TEXT_CHANNEL_ID}/messages`, {
    method: "POST",
    headers: { authorization: `Bot ${loopback.token}`, "content-type": "application/json" },
    body: JSON.stringify({ content }),
  });
}

const namesOf = (events: readonly Readonly<Record<string, unknown>>[]) => events.map(({ t }) => t);
const contentsOf = (events: readonly Readonly<Record<string, unknown>>[]) =>
  events.filter(({ t }) => t === "MESSAGE_CREATE").map(({ d }) => (d as { readonly content: string }).content);

describe("the gateway socket", () => {
  it.each([
    ["closed with 4000", (loopback: Loopback) => loopback.faults.closeGateway(4000), 4000],
    ["reset", (loopback: Loopback) => loopback.faults.dropGateway(), 1006],
  ])("is %s, and its session is resumed: missed events come exactly once", async (_name, fault, code) => {
    const loopback = await testLoopback(plain);
    const socket = await identify(loopback);
    const { d, s } = await socket.frame({ t: "READY" });
    await post(loopback, "seen");
    const { s: seen } = await socket.frame({ t: "MESSAGE_CREATE" });
    fault(loopback);
    expect(await socket.closeCode()).toBe(code);
    await post(loopback, "missed");
    const again = await openGateway(loopback);
    again.send(6, { token: loopback.token, session_id: (d as { session_id: string }).session_id, seq: seen });
    await again.frame({ t: "RESUMED" });
    await post(loopback, "later");
    await catchUp(again);
    expect(contentsOf(eventsOf(again))).toEqual(["missed", "later"]);
    expect(s).toBe(1);
    expect(kindsOf(loopback)).toEqual(["gateway_identify", "gateway_close", "gateway_resume"]);
  });

  it("is closed with a code that ends the session, and voice with it", async () => {
    const loopback = await testLoopback(plain);
    const { invitation, socket } = await join(loopback);
    const { session_id: sessionId } = invitation.identify;
    loopback.faults.closeGateway(4009);
    expect(await invitation.gateway.closeCode()).toBe(4009);
    expect(await socket.closeCode()).toBe(4014);
    const again = await openGateway(loopback);
    again.send(6, { token: loopback.token, session_id: sessionId, seq: 1 });
    expect(await again.frame({ op: 9 })).toMatchObject({ d: false });
    expect(loopback.log).toContainEqual(expect.objectContaining({ kind: "gateway_resume", resumed: false }));
  });

  it("is silent for a while, without heartbeats, and then delivers everything in order", async () => {
    const loopback = await testLoopback(plain);
    const socket = await identify(loopback);
    loopback.faults.silenceGateway(300);
    socket.send(1, null);
    await post(loopback, "held back");
    expect(contentsOf(eventsOf(socket))).toEqual([]);
    await socket.frame({ t: "MESSAGE_CREATE" });
    expect(socket.frames.slice(-2)).toMatchObject([{ op: 11 }, { t: "MESSAGE_CREATE" }]);
  });

  it("that is silent can be replaced by a resume on another socket", async () => {
    const loopback = await testLoopback(plain);
    const socket = await identify(loopback);
    const { d } = await socket.frame({ t: "READY" });
    await socket.frame({ t: "GUILD_CREATE" });
    loopback.faults.silenceGateway(60_000);
    await post(loopback, "held back");
    const again = await openGateway(loopback);
    again.send(6, { token: loopback.token, session_id: (d as { session_id: string }).session_id, seq: 2 });
    await again.frame({ t: "RESUMED" });
    expect(contentsOf(eventsOf(again))).toEqual(["held back"]);
  });

  it("is asked to reconnect", async () => {
    const loopback = await testLoopback(plain);
    const socket = await identify(loopback);
    loopback.faults.reconnectGateway();
    expect(await socket.frame({ op: 7 })).toMatchObject({ d: null });
  });
});

describe("a gateway session", () => {
  it("that is invalidated ends voice too, and keeps its socket for the next identify", async () => {
    const loopback = await testLoopback(plain);
    const { invitation, socket } = await join(loopback);
    loopback.faults.invalidateGatewaySession({ resumable: false });
    expect(await invitation.gateway.frame({ op: 9 })).toMatchObject({ d: false });
    expect(await socket.closeCode()).toBe(4014);
    invitation.gateway.send(2, { token: loopback.token, intents: INTENT.guilds, properties: {} });
    while (loopback.log.filter(({ kind }) => kind === "gateway_identify").length < 2) await invitation.gateway.change();
  });

  it("that is invalidated may leave voice unaffected", async () => {
    const loopback = await testLoopback(plain);
    const { invitation, socket } = await join(loopback);
    loopback.faults.invalidateGatewaySession({ resumable: false, keepsVoice: true });
    await invitation.gateway.frame({ op: 9 });
    socket.send(3, { t: 5 });
    expect((await socket.frame({ op: 6 })).d).toEqual({ t: 5 });
    // The session that follows gets the end of the voice session.
    const next = await identify(loopback);
    loopback.faults.moveBot(ELSEWHERE_ID);
    expect((await next.frame({ t: "VOICE_SERVER_UPDATE" })).d).toMatchObject({ guild_id: GUILD_ID });
    expect(await socket.closeCode()).toBe(4014);
  });

  it("that is invalidated but resumable is resumed", async () => {
    const loopback = await testLoopback(plain);
    const socket = await identify(loopback);
    const { d } = await socket.frame({ t: "READY" });
    loopback.faults.invalidateGatewaySession({ resumable: true });
    expect(await socket.frame({ op: 9 })).toMatchObject({ d: true });
    const again = await openGateway(loopback);
    again.send(6, { token: loopback.token, session_id: (d as { session_id: string }).session_id, seq: 2 });
    await again.frame({ t: "RESUMED" });
  });

  it("is refused with 4014 for a privileged intent until the intent is granted again", async () => {
    const loopback = await testLoopback(plain);
    loopback.faults.refuseIntents(true);
    const refused = await openGateway(loopback);
    refused.send(2, { token: loopback.token, intents: INTENT.guildMembers, properties: {} });
    expect(await refused.closeCode()).toBe(4014);
    await identify(loopback, { intents: INTENT.guilds });
    loopback.faults.refuseIntents(false);
    await identify(loopback);
  });
});

describe("the voice socket", () => {
  it.each([
    ["closed with 4015", (loopback: Loopback) => loopback.faults.closeVoice(4015), 4015],
    ["reset", (loopback: Loopback) => loopback.faults.dropVoice(), 1006],
  ])("is %s, and resumed with the missed messages, exactly once", async (_name, fault, code) => {
    const loopback = await testLoopback(plain);
    const { invitation, socket } = await join(loopback);
    const { seq } = await socket.frame({ op: 5 });
    fault(loopback);
    expect(await socket.closeCode()).toBe(code);
    const second = bot(loopback);
    await join({ ...loopback, ...second });
    const resumed = connect(invitation);
    resumed.send(7, { ...invitation.identify, seq_ack: seq });
    resumed.send(3, { t: 5 });
    await resumed.frame({ op: 6 });
    expect(resumed.frames.slice(1)).toMatchObject([
      { op: 9 },
      { op: 11, d: { user_ids: [second.botUserId] }, seq: Number(seq) + 1 },
      { op: 6 },
    ]);
    const own = loopback.log.filter((event) => "userId" in event && event.userId === loopback.botUserId);
    expect(own.map(({ kind }) => kind)).toEqual(["gateway_identify", "voice_identify", "voice_close", "voice_resume"]);
  });

  it.each([1000, 4006, 4009, 4014, 4017, 4021, 4022])("is closed with %i, and cannot be resumed", async (code) => {
    const loopback = await testLoopback(plain);
    const { invitation, socket } = await join(loopback);
    loopback.faults.closeVoice(code);
    expect(await socket.closeCode()).toBe(code);
    const again = connect(invitation);
    again.send(7, { ...invitation.identify, seq_ack: 1 });
    expect(await again.closeCode()).toBe(4006);
  });

  it("of another bot is not affected", async () => {
    const loopback = await testLoopback(plain);
    const { socket } = await join({ ...loopback, ...bot(loopback) });
    loopback.faults.closeVoice(4006);
    loopback.faults.closeVoiceAt("identify", 4006);
    socket.send(3, { t: 5 });
    expect((await socket.frame({ op: 6 })).d).toEqual({ t: 5 });
  });
});

function bot(loopback: Loopback) {
  const { userId, token } = loopback.addBot("second");
  return { botUserId: userId, token };
}

describe("a future voice connection", () => {
  it.each(["hello", "identify", "ready", "select_protocol", "session_description"] as const)(
    "is closed at %s as often as requested, and then succeeds",
    async (stage) => {
      const loopback = await testLoopback(plain);
      loopback.faults.closeVoiceAt(stage, 4006, 2);
      for (let time = 0; time < 2; time += 1) {
        const invitation = await invite(loopback);
        const socket = connect(invitation);
        socket.send(0, invitation.identify);
        if (stage === "select_protocol" || stage === "session_description") {
          await socket.frame({ op: 2 });
          socket.send(1, { protocol: "udp", data: { address: "127.0.0.1", port: 1, mode: "aead_aes256_gcm_rtpsize" } });
        }
        expect(await socket.closeCode()).toBe(4006);
        const last = { hello: undefined, identify: 8, ready: 2, select_protocol: 2, session_description: 4 }[stage];
        expect(socket.frames.at(-1)).toEqual(last === undefined ? undefined : expect.objectContaining({ op: last }));
      }
      expect((await join(loopback)).description.mode).toBe("aead_aes256_gcm_rtpsize");
    },
  );

  it.each([
    ["identify", 8],
    ["select_protocol", 2],
    ["session_description", 4],
  ] as const)("stalls at %s while its heartbeats are answered, and the next one succeeds", async (stage, lastOp) => {
    const loopback = await testLoopback(plain);
    loopback.faults.stallVoice(stage);
    const invitation = await invite(loopback);
    const socket = connect(invitation);
    socket.send(0, invitation.identify);
    if (stage !== "identify") {
      await socket.frame({ op: 2 });
      socket.send(1, { protocol: "udp", data: { address: "127.0.0.1", port: 1, mode: "aead_aes256_gcm_rtpsize" } });
    }
    socket.send(3, { t: 5 });
    await socket.frame({ op: 6 });
    expect(socket.frames.slice(-2)).toMatchObject([{ op: lastOp }, { op: 6 }]);
    expect((await join(loopback)).description.mode).toBe("aead_aes256_gcm_rtpsize");
  });

  it("stalls before it says hello", async () => {
    const loopback = await testLoopback(plain);
    loopback.faults.stallVoice("hello");
    const invitation = await invite(loopback);
    const stalled = connect(invitation);
    stalled.send(3, { t: 5 });
    await stalled.frame({ op: 6 });
    expect(stalled.frames).toHaveLength(1);
  });

  it("stalls before IP discovery is answered", async () => {
    const loopback = await testLoopback(plain);
    loopback.faults.stallVoice("ready");
    const invitation = await invite(loopback);
    const socket = connect(invitation);
    socket.send(0, invitation.identify);
    const { ssrc, port } = (await socket.frame({ op: 2 })).d as { readonly ssrc: number; readonly port: number };
    const udp = await bindUdp();
    const request = Buffer.alloc(74);
    request.writeUInt16BE(1, 0);
    request.writeUInt16BE(70, 2);
    request.writeUInt32BE(ssrc, 4);
    udp.send(request, port, "127.0.0.1");
    // A keep-alive is answered: what comes first answers it, not the discovery.
    udp.send(Buffer.from("0100000000000000", "hex"), port, "127.0.0.1");
    const [first] = await once(udp, "message");
    expect(first).toHaveLength(8);
  });
});

describe("moderators", () => {
  it("kick the bot: no channel, and voice closed with 4014", async () => {
    const loopback = await testLoopback(plain);
    const { invitation, socket } = await join(loopback);
    loopback.faults.kickBot();
    expect(await socket.closeCode()).toBe(4014);
    await catchUp(invitation.gateway);
    expect(eventsOf(invitation.gateway).at(-1)).toMatchObject({
      t: "VOICE_STATE_UPDATE",
      d: { user_id: loopback.botUserId, channel_id: null },
    });
  });

  it("time the bot out: it gets an event about itself, leaves voice and cannot join again", async () => {
    const loopback = await testLoopback(plain);
    const { invitation, socket } = await join(loopback);
    loopback.faults.timeOutBot(3_600_000);
    expect(await socket.closeCode()).toBe(4014);
    invitation.gateway.send(4, { guild_id: GUILD_ID, channel_id: CHANNEL_ID, self_mute: false, self_deaf: false });
    await catchUp(invitation.gateway);
    expect(eventsOf(invitation.gateway).slice(-2)).toMatchObject([
      {
        t: "GUILD_MEMBER_UPDATE",
        d: { user: { id: loopback.botUserId }, communication_disabled_until: expect.any(String) },
      },
      { t: "VOICE_STATE_UPDATE", d: { user_id: loopback.botUserId, channel_id: null } },
    ]);
  });

  it("move the bot: another channel, voice closed with 4014, and a voice server for that channel", async () => {
    const loopback = await testLoopback(plain);
    const { invitation, socket } = await join(loopback);
    loopback.faults.moveBot(ELSEWHERE_ID);
    expect(await socket.closeCode()).toBe(4014);
    await catchUp(invitation.gateway);
    const [state, server] = eventsOf(invitation.gateway).slice(-2);
    expect(state).toMatchObject({ t: "VOICE_STATE_UPDATE", d: { channel_id: ELSEWHERE_ID } });
    expect(server).toMatchObject({ t: "VOICE_SERVER_UPDATE" });
    const next = redirect(invitation, server ?? {});
    expect(next.identify.token).not.toBe(invitation.identify.token);
    expect((await enter(next)).description.mode).toBe("aead_aes256_gcm_rtpsize");
  });

  it("cannot move the bot to a channel that is not a voice channel", async () => {
    const loopback = await testLoopback(plain);
    expect(() => loopback.faults.moveBot(TEXT_CHANNEL_ID)).toThrow("is not a voice channel");
  });

  it("delete the channel: everyone is disconnected, voice closed with 4022, and nobody returns", async () => {
    const fixture = toneCall([{ user: person(1), speaksFromMs: 0, packetCount: 0 }], {
      events: [{ type: "join", atMs: 60, user: person(2) }],
    });
    const loopback = await testLoopback({ ...plain, fixture });
    const { invitation, socket } = await join(loopback);
    loopback.faults.deleteChannel();
    expect(await socket.closeCode()).toBe(4022);
    await loopback.played;
    await catchUp(invitation.gateway);
    expect(eventsOf(invitation.gateway).slice(-3)).toMatchObject([
      { t: "CHANNEL_DELETE", d: { id: CHANNEL_ID } },
      { t: "VOICE_STATE_UPDATE", d: { channel_id: null } },
      { t: "VOICE_STATE_UPDATE", d: { channel_id: null } },
    ]);
    const response = await fetch(`${loopback.restUrl}/v10/channels/${CHANNEL_ID}`, {
      headers: { authorization: `Bot ${loopback.token}` },
    });
    expect(response.status).toBe(404);
  });

  it("remove the bot from the guild: it gets that event, and none that comes after", async () => {
    const loopback = await testLoopback(plain);
    const { invitation, socket } = await join(loopback);
    loopback.faults.removeBotFromGuild();
    expect(await socket.closeCode()).toBe(4014);
    loopback.addBot("newcomer");
    await catchUp(invitation.gateway);
    expect(eventsOf(invitation.gateway).at(-1)).toMatchObject({ t: "GUILD_DELETE", d: { id: GUILD_ID } });
    const again = await identify(loopback);
    expect((await again.frame({ t: "READY" })).d).toMatchObject({ guilds: [] });
    await catchUp(again);
    expect(namesOf(eventsOf(again))).toEqual(["READY"]);
  });

  it("revoke the token: 4004 from the gateway, 4014 from voice, 401 from REST", async () => {
    const loopback = await testLoopback(plain);
    const { invitation, socket } = await join(loopback);
    loopback.faults.revokeToken();
    expect(await invitation.gateway.closeCode()).toBe(4004);
    expect(await socket.closeCode()).toBe(4014);
    const response = await fetch(`${loopback.restUrl}/v10/gateway/bot`, {
      headers: { authorization: `Bot ${loopback.token}` },
    });
    expect(response.status).toBe(401);
    const again = await openGateway(loopback);
    again.send(2, { token: loopback.token, intents: 1, properties: {} });
    expect(await again.closeCode()).toBe(4004);
  });
});
