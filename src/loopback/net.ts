import type { Server } from "node:http";
import type { Server as TlsServer } from "node:https";
import type { RawData, WebSocketServer } from "ws";

/** The port of a listening server. */
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

/** Undefined if the message is not JSON. */
export function parseJson(data: RawData): unknown {
  try {
    return JSON.parse(toBuffer(data).toString());
  } catch {
    return undefined; // the sender learns it from its protocol's close code
  }
}

/** Ends every socket and the listener. */
export async function closeServer(server: WebSocketServer): Promise<void> {
  for (const socket of server.clients) socket.terminate();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

/** Listens on 127.0.0.1, on a free port. */
export async function listenLocally(server: Server | TlsServer): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** Ends every connection and the listener. */
export async function closeHttpServer(server: Server | TlsServer): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
