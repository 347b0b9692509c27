import { createSocket } from "node:dgram";
import { once } from "node:events";
import { messageOf } from "../../errors.ts";

/** The first of those on which Discord's voice servers listen. */
const VOICE_PORT = 50_000;

/**
 * Whether this machine lets a datagram out at all: its own firewall, its routes or a container without a network refuse
 * it at once. What refuses it further away, or the answers to it, stays unknown: voice servers have no address before
 * somebody joins.
 *
 * @param host of Discord's, which ignores the empty datagram that it gets
 * @returns why not; undefined if it was sent
 */
export async function udpTrouble(host: string): Promise<string | undefined> {
  const socket = createSocket("udp4");
  try {
    socket.connect(VOICE_PORT, host);
    await once(socket, "connect");
    await new Promise<void>((resolve, reject) => {
      socket.send(Buffer.alloc(0), (error) => (error === null ? resolve() : reject(error)));
    });
    return undefined;
  } catch (error) {
    return messageOf(error);
  } finally {
    socket.close();
  }
}
