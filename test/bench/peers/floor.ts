/**
 * The floor: the least that receiving costs in this language. The signalling is @discordjs/voice's; the datagrams
 * go from the bare socket through the transport's AEAD with a cached key and through davey, and the payloads into one file, each
 * behind its length, written in batches. No reordering, no checks, no timeline, no Ogg.
 */
import { createDecipheriv, createSecretKey } from "node:crypto";
import type { Socket } from "node:dgram";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { entersState, NetworkingStatusCode, VoiceConnectionStatus } from "@discordjs/voice";
import sodium from "sodium-native";
import { joinCall } from "./join.ts";

const RTP_HEADER_BYTES = 12;
const TAG_BYTES = 16;
const NONCE_SUFFIX_BYTES = 4;
const MEDIA_TYPE_AUDIO = 0;
const BATCH_BYTES = 1 << 16;

const { connection, outputDirectory, over, leave } = await joinCall();
const users = new Map<number, string>();
connection.receiver.ssrcMap.on("create", ({ audioSSRC, userId }) => users.set(audioSSRC, userId));
await entersState(connection, VoiceConnectionStatus.Ready, 10_000);
const { socket, open, session } = insides();
const file = createWriteStream(join(outputDirectory, "packets.bin"));
let batch: Buffer[] = [];
let batchBytes = 0;

// The same buffer as the worker's. A burst that the kernel drops would make the comparison void.
socket.setRecvBufferSize(1 << 22);
socket.removeAllListeners("message");
socket.on("message", (datagram: Buffer) => {
  if (datagram.length <= RTP_HEADER_BYTES + TAG_BYTES + NONCE_SUFFIX_BYTES) return;
  const userId = users.get(datagram.readUInt32BE(8));
  if (userId === undefined) return;
  try {
    append(session.decrypt(userId, MEDIA_TYPE_AUDIO, open(datagram)));
  } catch (error) {
    // davey refuses a speaker's very first packet if it comes behind their second.
    process.stderr.write(`floor: ${error instanceof Error ? error.message : String(error)}\n`);
  }
});

await over;
flush();
file.end();
await finished(file);
await leave();

function aes256Gcm(secretKey: Buffer): (datagram: Buffer) => Buffer {
  const key = createSecretKey(secretKey);
  const nonce = Buffer.alloc(12);
  return (datagram) => {
    const nonceOffset = datagram.length - NONCE_SUFFIX_BYTES;
    const tagOffset = nonceOffset - TAG_BYTES;
    datagram.copy(nonce, 0, nonceOffset);
    const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(datagram.subarray(0, RTP_HEADER_BYTES));
    decipher.setAuthTag(datagram.subarray(tagOffset, nonceOffset));
    const payload = decipher.update(datagram.subarray(RTP_HEADER_BYTES, tagOffset));
    decipher.final();
    return payload;
  };
}

function xchacha20Poly1305(key: Buffer): (datagram: Buffer) => Buffer {
  const nonce = Buffer.alloc(sodium.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
  return (datagram) => {
    const nonceOffset = datagram.length - NONCE_SUFFIX_BYTES;
    datagram.copy(nonce, 0, nonceOffset);
    const header = datagram.subarray(0, RTP_HEADER_BYTES);
    const sealed = datagram.subarray(RTP_HEADER_BYTES, nonceOffset);
    const payload = Buffer.allocUnsafe(sealed.length - TAG_BYTES);
    sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(payload, null, sealed, header, nonce, key);
    return payload;
  };
}

function append(opus: Buffer): void {
  const length = Buffer.allocUnsafe(2);
  length.writeUInt16BE(opus.length);
  batch.push(length, opus);
  batchBytes += opus.length;
  if (batchBytes >= BATCH_BYTES) flush();
}

function flush(): void {
  file.write(Buffer.concat(batch));
  batch = [];
  batchBytes = 0;
}

/** Private parts of the library: its socket, the transport's decryption, and the end-to-end session. */
function insides() {
  const { state } = connection;
  if (state.status !== VoiceConnectionStatus.Ready) throw new Error(`the connection is ${state.status}`);
  const networking = state.networking.state;
  if (networking.code !== NetworkingStatusCode.Ready) throw new Error("the networking is not ready");
  const bare: Socket = Reflect.get(networking.udp, "socket");
  const daveSession = networking.dave?.session;
  if (daveSession === undefined) throw new Error("the call is not encrypted end to end");
  const { encryptionMode, secretKey } = networking.connectionData;
  const opener = encryptionMode === "aead_aes256_gcm_rtpsize" ? aes256Gcm : xchacha20Poly1305;
  return { socket: bare, open: opener(Buffer.from(secretKey)), session: daveSession };
}
