import type { Certificates } from "../certificates.ts";
import { Links } from "../senders/links.ts";
import { VoiceGateway, type VoiceGatewayOptions } from "./voice-gateway.ts";
import type { VoiceSessions } from "./voice-sessions.ts";
import { VoiceUdp } from "./voice-udp.ts";

export type VoiceServersOptions = Omit<VoiceGatewayOptions, "udp" | "links"> & {
  readonly sessions: VoiceSessions;
  readonly certificates: Certificates;
};

/** The voice servers, each with its own WebSocket and UDP port; new sessions go to the latest. */
export class VoiceServers {
  readonly #options: VoiceServersOptions;
  readonly #links = new Links();
  readonly #servers: { readonly gateway: VoiceGateway; readonly udp: VoiceUdp }[] = [];
  #closed = false;

  private constructor(options: VoiceServersOptions) {
    this.#options = options;
  }

  static async listen(options: VoiceServersOptions): Promise<VoiceServers> {
    const servers = new VoiceServers(options);
    await servers.add();
    return servers;
  }

  /** The endpoint for the next sessions, in the form of VOICE_SERVER_UPDATE. */
  get endpoint(): string {
    const latest = this.#servers.at(-1);
    if (latest === undefined) throw new Error("There is no voice server yet.");
    return latest.gateway.endpoint;
  }

  /** Starts another one; earlier ones keep running. @returns false after `close()`. */
  async add(): Promise<boolean> {
    const udp = await VoiceUdp.bind(this.#options.log);
    udp.serve(this.#options.sessions);
    const gateway = await VoiceGateway.listen({ ...this.#options, udp, links: this.#links });
    this.#servers.push({ gateway, udp });
    if (this.#closed) await this.close();
    return !this.#closed;
  }

  /** Closes a bot's voice sockets with this code, which may end its sessions. 1006 is a TCP reset. */
  closeSockets(userId: string, code: number): void {
    for (const { socket } of this.#options.sessions.clientsOf(userId)) if (socket) this.#links.close(socket, code);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const servers = this.#servers.splice(0);
    await Promise.all(servers.flatMap(({ gateway, udp }) => [gateway.close(), udp.close()]));
  }
}
