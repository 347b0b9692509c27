import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import type { Envelope } from "../../src/session/job-events.ts";

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly envelope: Envelope;
}

/** How to answer: with a status, never, by cutting the connection, or with a body that never ends, slow or fast. */
export type ScriptedAnswer =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  | "hang"
  | "reset"
  | "trickle"
  | "flood";

const ACCEPTED: ScriptedAnswer = { status: 200, body: "ok" };

/** An endpoint on 127.0.0.1 that notes each request, and answers as the test wants. */
export class WebhookReceiver {
  /** All requests, also refused ones. */
  readonly requests: ReceivedRequest[] = [];
  /** The next answers, in order; 200 when the list is empty. */
  readonly script: ScriptedAnswer[];
  readonly #server: Server;
  readonly #waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  #port = 0;

  private constructor(script: readonly ScriptedAnswer[]) {
    this.script = [...script];
    this.#server = createServer((request, response) => this.#take(request, response));
  }

  static async start(...script: readonly ScriptedAnswer[]): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver(script);
    await receiver.up();
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/hook`;
  }

  /** The ids of all deliveries, in order, whatever the answers were. */
  get deliveryIds(): readonly string[] {
    return this.requests.map(({ envelope }) => envelope.deliveryId);
  }

  /** Resolves when this many requests have come. */
  received(count: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ count, resolve });
    this.#wake();
    return promise;
  }

  /** Listens again, on the same port. */
  async up(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, "127.0.0.1", resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Cuts all connections and refuses new ones. */
  async down(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.down();
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      const { method = "", url: path = "", headers } = request;
      this.requests.push({ method, path, headers, body, envelope: JSON.parse(body.toString("utf8")) });
      answerWith(this.script.shift() ?? ACCEPTED, response);
      this.#wake();
    });
  }

  #wake(): void {
    for (const { count, resolve } of this.#waiting) {
      if (this.requests.length >= count) resolve();
    }
  }
}

function answerWith(answer: ScriptedAnswer, response: ServerResponse): void {
  if (answer === "hang") return;
  if (answer === "reset") {
    response.socket?.resetAndDestroy();
    return;
  }
  if (answer === "trickle" || answer === "flood") {
    response.writeHead(200, { "content-type": "text/plain" });
    const chunk = answer === "flood" ? "x".repeat(16_384) : ".";
    const timer = setInterval(() => response.write(chunk), answer === "flood" ? 1 : 20);
    response.on("close", () => clearInterval(timer));
    return;
  }
  response.writeHead(answer.status, answer.headers).end(answer.body);
}
