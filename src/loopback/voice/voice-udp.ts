/**
 * The voice server's UDP port: IP discovery, keep-alives, and clients' packets.
 * https://discord.com/developers/docs/topics/voice-connections#establishing-a-voice-udp-connection
 */

import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { parseRtpHeader, type RtpHeader } from "../../audio/rtp.ts";
import type { Address, VoiceClient } from "./voice-client.ts";

const DISCOVERY_BYTES = 74;
const DISCOVERY_REQUEST = 1;
const DISCOVERY_RESPONSE = 2;
/** The value of the length field: the bytes after type and length. */
const DISCOVERY_LENGTH = 70;
const DISCOVERY_ADDRESS_OFFSET = 8;
const KEEP_ALIVE_BYTES = 8;

/** Identifies the owner of datagrams, and receives them. */
export interface VoiceUdpHandler {
  clientBySsrc(ssrc: number): VoiceClient | undefined;
  /** A client's packet: `rtp` is the clear header and the transport-decrypted rest. */
  onPacket(client: VoiceClient, header: RtpHeader, rtp: Buffer): void;
}

export class VoiceUdp {
  readonly #socket: Socket;

  private constructor(socket: Socket, log: (line: string) => void) {
    this.#socket = socket;
    socket.on("error", (error) => log(`udp: ${error.message}`));
  }

  static async bind(log: (line: string) => void): Promise<VoiceUdp> {
    const socket = createSocket("udp4");
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.bind(0, "127.0.0.1", () => {
        socket.off("error", reject);
        resolve();
      });
    });
    return new VoiceUdp(socket, log);
  }

  /** Starts to answer. */
  serve(handler: VoiceUdpHandler): void {
    this.#socket.on("message", (datagram, remote) => this.#onDatagram(handler, datagram, remote));
  }

  get port(): number {
    return this.#socket.address().port;
  }

  send({ host, port }: Address, datagram: Buffer): void {
    this.#socket.send(datagram, port, host);
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
  }

  #onDatagram(handler: VoiceUdpHandler, datagram: Buffer, remote: RemoteInfo): void {
    if (datagram.length === KEEP_ALIVE_BYTES) {
      this.#socket.send(datagram, remote.port, remote.address);
    } else if (datagram.length === DISCOVERY_BYTES && datagram.readUInt16BE(0) === DISCOVERY_REQUEST) {
      this.#discover(handler.clientBySsrc(datagram.readUInt32BE(4)), remote);
    } else {
      receiveRtp(handler, datagram, remote);
    }
  }

  /** Sends the client its own address as seen from here, and remembers it. */
  #discover(client: VoiceClient | undefined, remote: RemoteInfo): void {
    if (client === undefined || client.stalled) return;
    client.address = { host: remote.address, port: remote.port };
    const response = Buffer.alloc(DISCOVERY_BYTES);
    response.writeUInt16BE(DISCOVERY_RESPONSE, 0);
    response.writeUInt16BE(DISCOVERY_LENGTH, 2);
    response.writeUInt32BE(client.ssrc, 4);
    response.write(remote.address, DISCOVERY_ADDRESS_OFFSET, "ascii");
    response.writeUInt16BE(remote.port, DISCOVERY_BYTES - 2);
    this.#socket.send(response, remote.port, remote.address);
  }
}

/** A packet counts if it comes from the address of its SSRC's client and is sealed with that client's key. */
function receiveRtp(handler: VoiceUdpHandler, datagram: Buffer, remote: RemoteInfo): void {
  const header = parseRtpHeader(datagram);
  const client = header && handler.clientBySsrc(header.ssrc);
  if (header === undefined || client === undefined) return;
  if (client.address?.port !== remote.port || client.address.host !== remote.address) return;
  const plaintext = client.cipher?.open(datagram, header.clearBytes);
  if (plaintext === undefined) return;
  handler.onPacket(client, header, Buffer.concat([datagram.subarray(0, header.clearBytes), plaintext]));
}
