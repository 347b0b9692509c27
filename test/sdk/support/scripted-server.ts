import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** How the server treats one request. */
export type Treatment =
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      /** Sent as JSON, or as it is if it is a text. */
      readonly body?: unknown;
    }
  /** The connection is closed without an answer. */
  | "drop"
  /** The connection is closed in the middle of a good answer. */
  | "half"
  /** Bytes that are not HTTP. */
  | "garbage"
  /** Nothing, for as long as the client waits. */
  | "silence"
  | ((request: IncomingMessage, response: ServerResponse) => void);

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

/** A server that treats each request as the next entry says, the last one again and again, and keeps what it got. */
export async function scriptedServer(...script: readonly Treatment[]) {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const treatment = script[Math.min(seen.length, script.length - 1)];
      seen.push({ method, url, headers: headers as Seen["headers"], body: Buffer.concat(chunks).toString("utf8") });
      if (treatment !== undefined) treat(treatment, request, response);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { seen, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function treat(treatment: Treatment, request: IncomingMessage, response: ServerResponse): void {
  if (typeof treatment === "function") {
    treatment(request, response);
  } else if (treatment === "drop") {
    request.socket.destroy();
  } else if (treatment === "half") {
    response.writeHead(200, { "content-type": "application/json", "content-length": 1_000 });
    response.write('{"id":', () => request.socket.destroy());
  } else if (treatment === "garbage") {
    request.socket.end("\0\x01 220 ftp ready\r\n\r\n");
  } else if (treatment !== "silence") {
    const { status, headers = {}, body = "" } = treatment;
    const isText = typeof body === "string";
    response.writeHead(status, { ...(isText ? {} : { "content-type": "application/json" }), ...headers });
    response.end(isText ? body : JSON.stringify(body));
  }
}
