import { WebSocket } from "ws";

/** A frame from the server: JSON, or bytes. */
export type Frame = Readonly<Record<string, unknown>> | Buffer;

/** A simple WebSocket client that keeps all frames, so a test can ask for them in any order. */
export class JsonSocket {
  readonly frames: Frame[] = [];
  readonly #socket: WebSocket;
  readonly #closed: Promise<number>;
  readonly #waiting = new Set<() => void>();
  #failure = "";

  constructor(url: string, options: { readonly ca?: Buffer } = {}) {
    this.#socket = new WebSocket(url, options);
    this.#socket.on("message", (data: Buffer, isBinary) => {
      this.frames.push(isBinary ? data : parse(data.toString()));
      this.#wake();
    });
    this.#socket.on("error", ({ message }) => {
      this.#failure = message;
    });
    this.#closed = new Promise((resolve) => {
      this.#socket.once("close", (code) => {
        this.#wake();
        resolve(code);
      });
    });
  }

  send(op: number, d: unknown): void {
    this.sendText(JSON.stringify({ op, d }));
  }

  sendText(text: string): void {
    if (this.#socket.readyState === WebSocket.CONNECTING) this.#socket.once("open", () => this.#socket.send(text));
    else this.#socket.send(text);
  }

  sendBytes(bytes: Buffer): void {
    this.#socket.send(bytes);
  }

  /** Waits for the first JSON frame with these values, unless it has come already. */
  async frame(values: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>> {
    for (;;) {
      for (const frame of this.frames) {
        if (!Buffer.isBuffer(frame) && Object.entries(values).every(([key, value]) => frame[key] === value))
          return frame;
      }
      if (this.#socket.readyState >= WebSocket.CLOSING) {
        throw new Error(`closed before ${JSON.stringify(values)} came: ${this.#failure}`);
      }
      await this.change();
    }
  }

  /** Resolves at the next frame or at the close. */
  change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  /** The close code of the server. */
  closeCode(): Promise<number> {
    return this.#closed;
  }

  close(code: number): Promise<number> {
    this.#socket.close(code);
    return this.#closed;
  }

  /** Ends the connection without a close frame. */
  terminate(): Promise<number> {
    this.#socket.terminate();
    return this.#closed;
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

/** A text that is not JSON is kept as `malformed`. */
function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text);
  } catch {
    return { malformed: text };
  }
}
