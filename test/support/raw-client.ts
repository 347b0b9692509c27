/** A client without a library: tests choose each message. */

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { onTestFinished } from "vitest";
import { INTENT } from "../../src/loopback/gateway/gateway-session.ts";
import type { Loopback } from "../../src/loopback/loopback.ts";
import { TransportCipher } from "../../src/loopback/voice/transport-crypto.ts";
import { JsonSocket } from "./json-socket.ts";
import { CHANNEL_ID, GUILD_ID } from "./tone-call.ts";

/** Every intent that the loopback knows, except presences. */
export const ALL_INTENTS = Object.values(INTENT).reduce((sum, intent) => sum | intent, 0) & ~INTENT.guildPresences;

/** A gateway socket that has sent nothing yet. */
export async function openGateway(loopback: Loopback): Promise<JsonSocket> {
  const response = await fetch(`${loopback.restUrl}/v10/gateway`);
  const { url } = (await response.json()) as { readonly url: string };
  const gateway = new JsonSocket(`${url}/?v=10&encoding=json`);
  onTestFinished(async () => void (await gateway.terminate()));
  return gateway;
}

/** A gateway socket that got READY. */
export async function identify(
  loopback: Loopback,
  { intents = ALL_INTENTS, token = loopback.token }: { readonly intents?: number; readonly token?: string } = {},
): Promise<JsonSocket> {
  const gateway = await openGateway(loopback);
  gateway.send(2, { token, intents, properties: {} });
  await gateway.frame({ t: "READY" });
  return gateway;
}

/** Waits until a gateway socket has received everything that was sent before. */
export async function catchUp(gateway: JsonSocket): Promise<void> {
  const acknowledged = () => gateway.frames.filter((frame) => !Buffer.isBuffer(frame) && frame.op === 11).length;
  const before = acknowledged();
  gateway.send(1, null);
  while (acknowledged() === before) await gateway.change();
}

/** The dispatches a gateway socket has received, in order. */
export const eventsOf = (gateway: JsonSocket) =>
  gateway.frames.flatMap((frame) => (Buffer.isBuffer(frame) || frame.op !== 0 ? [] : [frame]));

export interface Invitation {
  readonly gateway: JsonSocket;
  readonly endpoint: string;
  readonly ca: Buffer;
  readonly identify: Readonly<Record<string, unknown>>;
}

/** What a client knows from the gateway before it opens the voice WebSocket. */
export async function invite(loopback: Loopback): Promise<Invitation> {
  const gateway = await identify(loopback);
  const ready = await gateway.frame({ t: "READY" });
  gateway.send(4, { guild_id: GUILD_ID, channel_id: CHANNEL_ID, self_mute: false, self_deaf: false });
  const { d } = await gateway.frame({ t: "VOICE_SERVER_UPDATE" });
  const { token, endpoint } = d as { token: string; endpoint: string };
  return {
    gateway,
    endpoint,
    ca: await readFile(loopback.caCertificatePath),
    identify: {
      server_id: GUILD_ID,
      user_id: loopback.botUserId,
      session_id: (ready.d as { session_id: string }).session_id,
      token,
      max_dave_protocol_version: 1,
    },
  };
}

export function connect({ endpoint, ca }: Invitation): JsonSocket {
  const socket = new JsonSocket(`wss://${endpoint}?v=8`, { ca });
  onTestFinished(async () => void (await socket.terminate()));
  return socket;
}

export async function bindUdp(): Promise<Socket> {
  const udp = createSocket("udp4");
  onTestFinished(() => void udp.close());
  await new Promise<void>((resolve) => udp.bind(0, "127.0.0.1", resolve));
  return udp;
}

/** The invitation to another voice server, from this update. */
export function redirect(invitation: Invitation, update: Readonly<Record<string, unknown>>): Invitation {
  const { token, endpoint } = update.d as { readonly token: string; readonly endpoint: string };
  return { ...invitation, endpoint, identify: { ...invitation.identify, token } };
}

export interface Ready {
  readonly ssrc: number;
  readonly port: number;
  readonly modes: readonly string[];
}

export async function discover(udp: Socket, { ssrc, port }: Ready): Promise<Buffer> {
  const request = Buffer.alloc(74);
  request.writeUInt16BE(1, 0);
  request.writeUInt16BE(70, 2);
  request.writeUInt32BE(ssrc, 4);
  udp.send(request, port, "127.0.0.1");
  const [response] = await once(udp, "message");
  return response;
}

/** Does the whole handshake, without DAVE. */
export async function join(loopback: Loopback, mode = "aead_aes256_gcm_rtpsize") {
  return enter(await invite(loopback), mode);
}

/** As `join`, with an invitation that is there already. */
export async function enter(invitation: Invitation, mode = "aead_aes256_gcm_rtpsize") {
  const socket = connect(invitation);
  socket.send(0, invitation.identify);
  const ready = (await socket.frame({ op: 2 })).d as Ready;
  const udp = await bindUdp();
  const discovery = await discover(udp, ready);
  socket.send(1, { protocol: "udp", data: { address: "127.0.0.1", port: udp.address().port, mode } });
  const description = (await socket.frame({ op: 4 })).d as { mode: "aead_aes256_gcm_rtpsize"; secret_key: number[] };
  const cipher = new TransportCipher(description.mode, Buffer.from(description.secret_key));
  return { invitation, socket, ready, udp, discovery, description, cipher };
}
