import type { Server } from "node:http";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";

/**
 * A connection whose bytes arrive in slices, one for each turn of the event loop. Node's parser parses a whole chunk of
 * 64 KB at once, about 1,600 short requests, even if the first of them closes the connection. After a slice the
 * connection can be closed, or paused while answers wait.
 */
class SlicedConnection extends Duplex {
  readonly #socket: Socket;
  readonly #sliceBytes: number;
  #isWanted = false;

  constructor(socket: Socket, sliceBytes: number) {
    super({ readableHighWaterMark: sliceBytes });
    this.#socket = socket;
    this.#sliceBytes = sliceBytes;
    socket.on("readable", () => this.#forward());
    socket.on("end", () => this.push(null));
    socket.on("timeout", () => this.emit("timeout"));
    socket.on("error", (error) => this.destroy(error));
    socket.on("close", () => this.destroy());
  }

  /** The client's address. */
  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  /** Node's HTTP server uses it to set idle times. */
  setTimeout(ms: number): this {
    this.#socket.setTimeout(ms);
    return this;
  }

  override _read(): void {
    this.#isWanted = true;
    setImmediate(() => this.#forward());
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  #forward(): void {
    if (!this.#isWanted || this.destroyed) return;
    // Reading zero bytes also works at the end of the stream, and makes the socket report it.
    const slice: Buffer | null = this.#socket.read(Math.min(this.#socket.readableLength, this.#sliceBytes));
    if (slice === null) return;
    this.#isWanted = false;
    this.push(slice);
  }
}

/**
 * Makes an HTTP server read its connections in slices.
 *
 * @param firstRequestMs closes a connection on which nothing comes for so long after it was opened
 */
export function sliceConnections(server: Server, sliceBytes: number, firstRequestMs: number): void {
  const listeners = server.listeners("connection");
  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => {
    const connection = new SlicedConnection(socket, sliceBytes);
    for (const listener of listeners) listener.call(server, connection);
    // Node's own deadlines begin with the first byte.
    connection.setTimeout(firstRequestMs);
  });
}
