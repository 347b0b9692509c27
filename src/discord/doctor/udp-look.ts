import { createSocket } from "node:dgram";
import { once } from "node:events";
import { messageOf } from "../../errors.ts";

/** The first of the ports of Discord's voice servers. */
const VOICE_PORT = 50_000;

/**
 * Whether this machine sends a datagram at all. Its own firewall, its routes or a container without a network refuse it
 * at once. Refusals further away, or of the answers, stay unknown, because voice servers have no address before a bot
 * joins.
 *
 * @param host a host of Discord, which ignores the empty datagram
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
