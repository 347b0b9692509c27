import { once } from "node:events";
import type { ServerResponse } from "node:http";

/** Proxies close idle connections, most of them after 60 s. */
const HEARTBEAT_MS = 15_000;

/** A client that reads nothing for this long is cut off. It can resume with `Last-Event-ID`. */
const STALLED_MS = 60_000;

/**
 * The writing side of server-sent events (WHATWG HTML, "Server-sent events"). Memory is bounded by the connection's own
 * buffer, because the writer waits until the client has read that.
 */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #heartbeat: NodeJS.Timeout;
  /** Aborted when the reader is gone. */
  readonly #gone = new AbortController();

  constructor(response: ServerResponse) {
    this.#response = response;
    response.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      // Otherwise nginx buffers the events.
      "x-accel-buffering": "no",
    });
    response.flushHeaders();
    response.once("close", () => this.#gone.abort());
    response.on("error", () => this.#gone.abort());
    this.#heartbeat = setInterval(() => {
      if (!response.writableNeedDrain) response.write(": heartbeat\n\n");
    }, HEARTBEAT_MS);
  }

  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  /**
   * @param data one line of JSON
   * @returns false if the reader is gone
   */
  async write(event: { readonly id?: string; readonly name: string; readonly data: string }): Promise<boolean> {
    if (this.signal.aborted) return false;
    const id = event.id === undefined ? "" : `id: ${event.id}\n`;
    const hasRoom = this.#response.write(`${id}event: ${event.name}\ndata: ${event.data}\n\n`);
    if (hasRoom) return true;
    const patience = AbortSignal.any([this.signal, AbortSignal.timeout(STALLED_MS)]);
    return await once(this.#response, "drain", { signal: patience }).then(
      () => true,
      () => {
        this.#response.destroy();
        return false;
      },
    );
  }

  end(): void {
    clearInterval(this.#heartbeat);
    this.#response.end();
  }
}
