import type { WebSocket } from "ws";
import type { DaveMember } from "../dave/dave-member.ts";
import { faulty, type OpcodeFault, type OpcodeFaults } from "./opcode-faults.ts";
import type { TransportCipher } from "./transport-crypto.ts";

/** https://discord.com/developers/docs/topics/opcodes-and-status-codes#voice-voice-opcodes */
export const VOICE_OP = {
  identify: 0,
  selectProtocol: 1,
  ready: 2,
  heartbeat: 3,
  sessionDescription: 4,
  speaking: 5,
  heartbeatAck: 6,
  resume: 7,
  hello: 8,
  resumed: 9,
  clientsConnect: 11,
  video: 12,
  clientDisconnect: 13,
  davePrepareTransition: 21,
  daveExecuteTransition: 22,
  daveTransitionReady: 23,
  davePrepareEpoch: 24,
  mlsExternalSender: 25,
  mlsKeyPackage: 26,
  mlsProposals: 27,
  mlsCommitWelcome: 28,
  mlsAnnounceCommit: 29,
  mlsWelcome: 30,
  mlsInvalidCommitWelcome: 31,
} as const;

/** Messages kept for a buffered resume. */
const MAX_REPLAY_MESSAGES = 1_000;

/** The session that the gateway admitted, which the voice server checks at op 0 and op 7. */
export interface Admission {
  readonly userId: string;
  readonly channelId: string;
  readonly sessionId: string;
  readonly token: string;
}

/** Sends datagrams. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface VoiceClientOptions {
  readonly ssrc: number;
  readonly socket: WebSocket;
  /** The UDP port of its voice server. */
  readonly sendDatagram: (address: Address, datagram: Buffer) => void;
  /** The faults for its messages. */
  readonly opcodeFaults: OpcodeFaults | undefined;
}

/** A bot's voice session. It outlives its WebSocket, so it can be resumed. */
export class VoiceClient implements DaveMember {
  readonly remote = true;
  readonly admission: Admission;
  readonly ssrc: number;
  /** The source of its datagrams, known after IP discovery. */
  address: Address | undefined;
  /** Set by op 1, after which it gets audio. */
  cipher: TransportCipher | undefined;
  /** User by SSRC, as op 5 announced them to this client. */
  readonly announced = new Map<number, string>();
  /** Whether the owner knows that this client can hear. */
  reportedReady = false;
  expiry: NodeJS.Timeout | undefined;
  /** IP discovery and op 1 get no answer. */
  stalled = false;
  /** If set, only acknowledgements of heartbeats are sent. */
  muted = false;
  /** Whether it has sent a packet since it connected or resumed. */
  hasSent = false;
  /** The transition of the last op 22 that it got. */
  lastTransitionId = 0;
  /** The last sent payload of each binary opcode. */
  readonly #lastBinary = new Map<number, Buffer>();
  readonly #options: VoiceClientOptions;
  #socket: WebSocket | undefined;
  /** Delayed messages. */
  readonly #held = new Set<NodeJS.Timeout>();
  /** One counter over numbered JSON and binary messages, 16 bits. */
  #sequence = 0;
  #lastPing = 0;
  readonly #replay: { readonly sequence: number; readonly message: string | Buffer }[] = [];

  constructor(admission: Admission, options: VoiceClientOptions) {
    this.admission = admission;
    this.ssrc = options.ssrc;
    this.#options = options;
    this.#socket = options.socket;
  }

  get userId(): string {
    return this.admission.userId;
  }

  get socket(): WebSocket | undefined {
    return this.#socket;
  }

  sendDatagram(datagram: Buffer): void {
    if (this.address) this.#options.sendDatagram(this.address, datagram);
  }

  /** Sends a message that a resume would not repeat. */
  sendUnnumbered(op: number, data: unknown): void {
    this.#pass(op, (fault) => {
      if (!this.muted || op === VOICE_OP.heartbeatAck) this.#send(JSON.stringify({ op, d: data }), fault);
    });
  }

  send(op: number, data: unknown): void {
    this.#pass(op, (fault) => {
      const sequence = this.#nextSequence();
      this.#sendNumbered(sequence, JSON.stringify({ op, d: data, seq: sequence }), fault);
    });
  }

  /** Sends the last binary message of a kind again, or a changed version of it; nothing if there was none. */
  repeatBinary(op: number, change: (payload: Buffer) => Buffer = (payload) => payload): void {
    const payload = this.#lastBinary.get(op);
    if (payload !== undefined) this.sendBinary(op, change(payload));
  }

  sendBinary(op: number, payload: Buffer): void {
    this.#lastBinary.set(op, payload);
    this.#pass(op, (fault) => {
      const sequence = this.#nextSequence();
      const head = Buffer.alloc(3);
      head.writeUInt16BE(sequence, 0);
      head.writeUInt8(op, 2);
      this.#sendNumbered(sequence, Buffer.concat([head, payload]), fault);
    });
  }

  detach(): void {
    this.#socket = undefined;
  }

  /** Buffered resume: RESUMED, then everything after `seq_ack`. Clients take MLS messages only once resumed. */
  resume(socket: WebSocket, acknowledged: number): void {
    clearTimeout(this.expiry);
    this.#socket = socket;
    this.stalled = false;
    this.muted = false;
    this.hasSent = false;
    this.sendUnnumbered(VOICE_OP.resumed, null);
    const last = this.#replay.findIndex(({ sequence }) => sequence === acknowledged);
    for (const { message } of this.#replay.slice(last + 1)) socket.send(message);
  }

  close(code: number, reason: string): void {
    clearTimeout(this.expiry);
    for (const timer of this.#held) clearTimeout(timer);
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close(code, reason);
  }

  /** Calls back once the client has processed everything sent so far, because pings are answered in order. */
  whenCaughtUp(callback: () => void): void {
    const socket = this.#socket;
    this.#lastPing += 1;
    const mark = String(this.#lastPing);
    const onPong = (data: Buffer): void => {
      if (data.toString() !== mark) return;
      socket?.off("pong", onPong);
      callback();
    };
    socket?.on("pong", onPong);
    socket?.ping(mark);
  }

  receiveExternalSender(payload: Buffer): void {
    this.sendBinary(VOICE_OP.mlsExternalSender, payload);
  }

  receiveProposals(payload: Buffer): void {
    this.sendBinary(VOICE_OP.mlsProposals, payload);
  }

  receiveCommit(transitionId: number, commit: Buffer): void {
    this.sendBinary(VOICE_OP.mlsAnnounceCommit, withTransitionId(transitionId, commit));
  }

  receiveWelcome(transitionId: number, welcome: Buffer): void {
    this.sendBinary(VOICE_OP.mlsWelcome, withTransitionId(transitionId, welcome));
  }

  prepareDowngrade(transitionId: number): void {
    this.send(VOICE_OP.davePrepareTransition, { protocol_version: 0, transition_id: transitionId });
  }

  beginGroup(): void {
    this.send(VOICE_OP.davePrepareEpoch, { protocol_version: 1, epoch: 1 });
  }

  executeTransition(transitionId: number): void {
    if (transitionId === 0) return;
    this.lastTransitionId = transitionId;
    this.send(VOICE_OP.daveExecuteTransition, { transition_id: transitionId });
  }

  startOver(): void {
    this.beginGroup();
    this.send(VOICE_OP.davePrepareTransition, { protocol_version: 1, transition_id: 0 });
  }

  #nextSequence(): number {
    this.#sequence = (this.#sequence + 1) & 0xffff;
    return this.#sequence;
  }

  /** All messages are sent through here. A delayed message gets its number when it is sent. */
  #pass(op: number, send: (fault: OpcodeFault | undefined) => void): void {
    const fault = this.#options.opcodeFaults?.met(op);
    if (fault?.kind !== "hold") {
      send(fault);
      return;
    }
    const timer = setTimeout(() => {
      this.#held.delete(timer);
      send(undefined);
    }, fault.delayMs);
    this.#held.add(timer);
  }

  /** A resume repeats the original message. */
  #sendNumbered(sequence: number, message: string | Buffer, fault: OpcodeFault | undefined): void {
    this.#replay.push({ sequence, message });
    if (this.#replay.length > MAX_REPLAY_MESSAGES) this.#replay.shift();
    if (!this.muted) this.#send(message, fault);
  }

  #send(message: string | Buffer, fault: OpcodeFault | undefined): void {
    const arriving = faulty(message, fault);
    if (arriving !== undefined) this.#socket?.send(arriving);
  }
}

function withTransitionId(transitionId: number, message: Buffer): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(transitionId);
  return Buffer.concat([head, message]);
}
