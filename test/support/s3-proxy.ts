import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { portOf } from "../../src/loopback/net.ts";

/** What the proxy does to a request. */
export type S3Fault =
  /** Answers it itself, with an S3 error. */
  | { readonly kind: "answer"; readonly status: number; readonly code: string }
  /** Cuts the connection. */
  | { readonly kind: "reset" }
  /** Accepts the request and never answers. */
  | { readonly kind: "hang" }
  /** Begins to answer, and stops in the middle. */
  | { readonly kind: "stall" }
  /** Passes the answer's and the request's bytes on at this pace. */
  | { readonly kind: "slow"; readonly bytesPerSecond: number }
  /** Damages one byte on the way to the server. */
  | { readonly kind: "corrupt_request" }
  /** Damages one byte of the server's answer. */
  | { readonly kind: "corrupt_answer" }
  /** Passes it on, and cuts the connection instead of answering. It has its effect, but the client cannot know. */
  | { readonly kind: "lose_answer" };

/** The requests that it affects; all by default. */
export interface S3Match {
  readonly method?: string;
  /** Compared with path and query, as `/bucket/key?partNumber=1`. */
  readonly path?: RegExp;
  /** Number of requests. Without it the fault lasts until the returned function is called. */
  readonly times?: number;
}

interface ActiveFault extends S3Match {
  readonly fault: S3Fault;
  left: number;
}

/**
 * A proxy in front of an S3 server, with the faults of networks and servers. It changes no header, not even the host's
 * name, because the signature covers them.
 */
export class S3Proxy {
  /** All requests, also those that it did not pass on. */
  readonly requests: { readonly method: string; readonly path: string }[] = [];
  /** Answers with the SHA-256 of each body that it got, like a storage that returns checksums. */
  sendsChecksums = false;
  /** Its checksums are those of another content. */
  sendsWrongChecksums = false;
  readonly #target: URL;
  readonly #server: Server;
  readonly #faults: ActiveFault[] = [];
  readonly #partHashes: Buffer[] = [];
  #port = 0;

  private constructor(target: string) {
    this.#target = new URL(target);
    this.#server = createServer((incoming, response) => {
      this.#serve(incoming, response).catch(() => incoming.socket.destroy());
    });
  }

  static async start(target: string): Promise<S3Proxy> {
    const proxy = new S3Proxy(target);
    await proxy.accept();
    return proxy;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** @returns a function that ends the fault */
  fault(fault: S3Fault, match: S3Match = {}): () => void {
    const active = { fault, ...match, left: match.times ?? Number.POSITIVE_INFINITY };
    this.#faults.push(active);
    return () => {
      active.left = 0;
    };
  }

  /** Refuses new connections, and cuts the open ones. */
  async refuse(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  /** Accepts connections again, at the same port. */
  async accept(): Promise<void> {
    await once(this.#server.listen(this.#port, "127.0.0.1"), "listening");
    this.#port = portOf(this.#server);
  }

  async close(): Promise<void> {
    await this.refuse();
  }

  #faultFor(method: string, path: string): S3Fault | undefined {
    const found = this.#faults.find(
      (active) =>
        active.left > 0 &&
        (active.method === undefined || active.method === method) &&
        (active.path === undefined || active.path.test(path)),
    );
    if (found !== undefined) found.left -= 1;
    return found?.fault;
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url: path = "" } = incoming;
    this.requests.push({ method, path });
    const fault = this.#faultFor(method, path);
    if (fault?.kind === "hang") return;
    if (fault?.kind === "reset") return void incoming.socket.destroy();
    const pace = fault?.kind === "slow" ? fault.bytesPerSecond : undefined;
    const body = await bytesOf(incoming, pace);
    if (fault?.kind === "answer") return void response.writeHead(fault.status).end(errorBody(fault.code));

    const answer = await this.#ask(incoming, fault?.kind === "corrupt_request" ? damaged(body) : body);
    const content = await bytesOf(answer);
    if (fault?.kind === "lose_answer") return void incoming.socket.destroy();
    const answered = this.sendsChecksums ? this.#withChecksum(method, path, body, content) : { content, headers: {} };
    const { "content-length": _, ...headers } = answer.headers;
    response.writeHead(answer.statusCode ?? 502, { ...headers, ...answered.headers });
    if (fault?.kind === "stall") return void response.write(answered.content.subarray(0, answered.content.length >> 1));
    await send(response, fault?.kind === "corrupt_answer" ? damaged(answered.content) : answered.content, pace);
  }

  async #ask({ method, url, headers }: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
    const { expect: _, ...passed } = headers;
    const { hostname, port } = this.#target;
    const outgoing = request({ hostname, port, method, path: url, headers: passed, agent: false });
    outgoing.end(body);
    const [answer]: [IncomingMessage] = (await once(outgoing, "response")) as [IncomingMessage];
    return answer;
  }

  /** The checksum that Amazon S3 returns: the hash of a part or a small object, or of an upload's part hashes. */
  #withChecksum(method: string, path: string, body: Buffer, content: Buffer) {
    const sha256 = createHash("sha256")
      .update(this.sendsWrongChecksums ? damaged(body) : body)
      .digest();
    if (method === "PUT") {
      const partNumber = Number(/partNumber=(\d+)/.exec(path)?.[1] ?? 0);
      if (partNumber > 0) this.#partHashes[partNumber - 1] = sha256;
      return { content, headers: { "x-amz-checksum-sha256": sha256.toString("base64") } };
    }
    if (method !== "POST" || !path.includes("uploadId=")) return { content, headers: {} };
    const hashes = this.#partHashes.splice(0);
    const composite = createHash("sha256").update(Buffer.concat(hashes)).digest("base64");
    const tag = `<ChecksumSHA256>${composite}-${hashes.length}</ChecksumSHA256>`;
    const end = "</CompleteMultipartUploadResult>";
    return { content: Buffer.from(content.toString("utf8").replace(end, tag + end)), headers: {} };
  }
}

/** With a pace, passes on the bytes of a tenth of a second at a time. */
async function bytesOf(stream: IncomingMessage, bytesPerSecond?: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) {
    chunks.push(chunk);
    if (bytesPerSecond !== undefined) await sleep((chunk.length / bytesPerSecond) * 1_000);
  }
  return Buffer.concat(chunks);
}

async function send(response: ServerResponse, content: Buffer, bytesPerSecond?: number): Promise<void> {
  const step = bytesPerSecond === undefined ? Math.max(content.length, 1) : Math.ceil(bytesPerSecond / 10);
  for (let sent = 0; sent < content.length; sent += step) {
    response.write(content.subarray(sent, sent + step));
    if (bytesPerSecond !== undefined) await sleep(100);
  }
  response.end();
}

function damaged(content: Buffer): Buffer {
  const copy = Buffer.from(content);
  const middle = copy.length >> 1;
  if (copy.length > 0) copy[middle] = (copy[middle] ?? 0) ^ 1;
  return copy;
}

function errorBody(code: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>Sent by the test</Message></Error>`;
}
