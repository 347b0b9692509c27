import type { RawData, WebSocketServer } from "ws";

/** Port of a server that listens. */
export function portOf(server: { address(): unknown }): number {
  const address = server.address();
  if (typeof address === "object" && address !== null && "port" in address && typeof address.port === "number") {
    return address.port;
  }
  throw new Error("The server does not listen on a port.");
}

/** Bytes of a WebSocket message, however ws delivers them. */
export function toBuffer(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}

/** Undefined where the message is not JSON. */
export function parseJson(data: RawData): unknown {
  try {
    return JSON.parse(toBuffer(data).toString());
  } catch {
    return undefined; // whoever sent it is told by the close code of its protocol
  }
}

/** Ends every socket and the listener. */
export async function closeServer(server: WebSocketServer): Promise<void> {
  for (const socket of server.clients) socket.terminate();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
