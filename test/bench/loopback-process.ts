import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { CallRequest, HostMessage, HostRequest, SentCounts } from "./loopback-messages.ts";

const HOST = fileURLToPath(new URL("loopback-host.ts", import.meta.url));

/** A call that the load's process plays as soon as a peer hears it. */
export interface PlayedCall {
  /** What a worker's environment needs to record this call. */
  readonly environment: Readonly<Record<string, string>>;
  /** The first packet has gone out. */
  readonly started: Promise<void>;
  /** The last packet has gone out. */
  readonly sent: Promise<SentCounts>;
  /** Everybody has left. */
  readonly played: Promise<void>;
  close(): Promise<void>;
}

/** The process in which loopbacks play calls: loopback-host.ts. */
export class LoopbackProcess {
  readonly #child: ChildProcess;
  readonly #listeners = new Map<number, (message: HostMessage) => void>();
  #calls = 0;

  constructor() {
    this.#child = fork(HOST);
    this.#child.on("message", (message: HostMessage) => this.#listeners.get(message.call)?.(message));
    this.#child.on("exit", () => {
      for (const [call, listener] of this.#listeners) {
        listener({ call, kind: "failed", message: "the load's process has ended" });
      }
    });
  }

  /** @returns when peers can connect. */
  async open(request: CallRequest): Promise<PlayedCall> {
    this.#calls += 1;
    const call = this.#calls;
    const open = Promise.withResolvers<Readonly<Record<string, string>>>();
    const started = Promise.withResolvers<void>();
    const sent = Promise.withResolvers<SentCounts>();
    const played = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    // A failure rejects all of them, so that the awaited one reports it.
    const all = [open, started, sent, played, closed];
    for (const { promise } of all) promise.catch(() => undefined);
    this.#listeners.set(call, (message) => {
      switch (message.kind) {
        case "open":
          return open.resolve(message.environment);
        case "started":
          return started.resolve();
        case "sent":
          return sent.resolve(message);
        case "played":
          return played.resolve();
        case "closed":
          return closed.resolve();
        case "failed":
          for (const { reject } of all) reject(new Error(`load: ${message.message}`));
      }
    });
    this.#send({ kind: "open", call, request });
    return {
      environment: await open.promise,
      started: started.promise,
      sent: sent.promise,
      played: played.promise,
      close: async () => {
        this.#send({ kind: "close", call });
        await closed.promise;
        this.#listeners.delete(call);
      },
    };
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || !this.#child.connected) return;
    const ended = once(this.#child, "exit");
    this.#child.disconnect();
    await ended;
  }

  #send(request: HostRequest): void {
    this.#child.send(request);
  }
}
