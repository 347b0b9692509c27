import type { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocket } from "ws";

/** Codes that stand for "no close frame", and are therefore never in one. RFC 6455 §7.4.1. */
const WITHOUT_CLOSE_FRAME = new Set([1005, 1006]);

/** The TCP connections under WebSockets, which can be broken as networks break them. */
export class Links {
  readonly #tcpByPort = new Map<number, Socket>();
  readonly #tcp = new WeakMap<WebSocket, Socket>();

  /** Records a TCP connection; connections under TLS cannot be reset in another way. */
  opened(tcp: Duplex): void {
    const remotePort = tcp instanceof Socket ? tcp.remotePort : undefined;
    if (!(tcp instanceof Socket) || remotePort === undefined) return;
    this.#tcpByPort.set(remotePort, tcp);
    tcp.once("close", () => this.#tcpByPort.delete(remotePort));
  }

  upgraded(socket: WebSocket, { socket: { remotePort } }: IncomingMessage): void {
    const tcp = remotePort === undefined ? undefined : this.#tcpByPort.get(remotePort);
    if (tcp) this.#tcp.set(socket, tcp);
  }

  /** Ends it with this code; 1005 and 1006 are a reset, because no server can send them. */
  close(socket: WebSocket, code: number, reason = ""): void {
    if (WITHOUT_CLOSE_FRAME.has(code)) this.reset(socket);
    else socket.close(code, reason);
  }

  /** TCP reset, without a close frame. */
  reset(socket: WebSocket): void {
    const tcp = this.#tcp.get(socket);
    if (tcp === undefined || socket.readyState === WebSocket.CLOSED) socket.terminate();
    else tcp.resetAndDestroy();
  }
}
