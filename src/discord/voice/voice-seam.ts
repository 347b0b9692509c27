import type { Socket } from "node:dgram";
import {
  type DAVESession,
  type Networking,
  type NetworkingState,
  NetworkingStatusCode,
  type VoiceConnection,
  VoiceConnectionStatus,
} from "@discordjs/voice";
import { VoiceOpcodes } from "discord-api-types/voice/v8";
import { messageOf } from "../../errors.ts";
import { snowflake } from "../../session/forms.ts";
import { DaveKeeper, type KeyEvent } from "../dave/dave-keeper.ts";
import type { DaveState } from "../dave/open-frame.ts";
import { sendOpeningSilence } from "./opening-silence.ts";
import { ourSeal, type Seal } from "./sealing.ts";
import { voiceMessageTrouble } from "./voice-message.ts";

/**
 * The only code that uses internals of @discordjs/voice 0.19.2. The version is pinned for that, and a contract test
 * checks the internals.
 *
 * The library does the signalling. Its receive path discards RTP sequence and timestamp, starts a timer for each
 * packet, ends a speaker's stream at the first forged datagram, and passes on ciphertext while keys are missing. After
 * most close codes it rejoins at once, forever. So its listeners are replaced before they are bound, and this class
 * reports datagrams, claims, keys and close codes instead.
 */
export interface SeamListener {
  /** The input, whose order matters. */
  readonly ingress: SeamIngress;
  /**
   * A message could not be processed. The error is contained; after a binary message, which concerns end-to-end
   * encryption, the MLS group is joined again.
   *
   * @param why the problem
   */
  malformedMessage(kind: "json" | "binary", why: string): void;
  /** A frame of the bot's own could not be encrypted or sent; silence or nothing was sent in its place. */
  unsealed(error: unknown): void;
  /** The voice gateway's socket is closed and the library does not resume it. */
  closed(code: number): void;
}

/** The input of a voice connection from both of its sockets. */
export interface SeamIngress {
  /** There is a transport key, for a new voice connection or for the same one. */
  session(session: VoiceSession): void;
  /** Each datagram of the voice socket until `takeSocket`. */
  datagram(datagram: Buffer): void;
  /** Datagrams now come from this socket, which has no other listeners. May be called again for the same socket. */
  takeSocket(socket: Socket): void;
  /**
   * Handles a message of the voice gateway after the datagrams that came before it.
   *
   * @param handle must not throw; messages keep their order
   * @param takesKeys whether it makes the datagrams that it overtakes undecryptable
   */
  message(handle: () => void, takesKeys: boolean): void;
  /** Handles waiting messages at once when the gateway's socket closes. */
  handleWaitingMessages(): void;
  /** Opcode 5 or 12 names the sender of an SSRC. @param speaking whether they speak now */
  claim(ssrc: number, userId: string, speaking: boolean): void;
  /**
   * Called before a commit, a welcome or a new group is processed; frames that can be opened now may not open after it.
   */
  keysChanging(): void;
  /** Called after a commit, a welcome or a transition was processed; other frames may open now. */
  keysChanged(): void;
  /** A step of the end-to-end encryption, before `keysChanged`. */
  keyEvent(event: KeyEvent): void;
}

export interface VoiceSession {
  readonly encryptionMode: string;
  readonly secretKey: Uint8Array;
  /** The current end-to-end state. */
  readonly dave: () => DaveState | undefined;
}

/**
 * The kernel's buffer while this process is busy: a full channel's burst after a stall (99 speakers × 1 s × 50 packets,
 * each counted with its overhead), or a quarter of a second of a flood. The kernel may grant less: `net.core.rmem_max`.
 */
const RECEIVE_BUFFER_BYTES = 1 << 22;

type VoiceWs = Extract<NetworkingState, { ws: unknown }>["ws"];
type VoiceMessage = Parameters<VoiceWs["onMessage"]>[0];
type VoiceUdp = Extract<NetworkingState, { udp: unknown }>["udp"];

/** Call synchronously after `joinVoiceChannel`, before the library binds its own listeners. */
export function attachSeam(connection: VoiceConnection, listener: SeamListener): void {
  const { ingress } = listener;
  connection.receiver.onUdpMessage = (datagram: Buffer): void => ingress.datagram(datagram);
  Reflect.set(connection, "onNetworkingClose", (code: number) => {
    if (connection.state.status !== VoiceConnectionStatus.Destroyed) listener.closed(code);
  });
  const known = { networking: new WeakSet<Networking>(), ws: new WeakSet<VoiceWs>(), udp: new WeakSet<VoiceUdp>() };
  let key: Uint8Array | undefined;
  const resuming = new WeakSet<Networking>();

  const follow = (networking: Networking): void => {
    const { state } = networking;
    if (state.code === NetworkingStatusCode.Resuming) resuming.add(networking);
    if ("ws" in state && !known.ws.has(state.ws)) {
      known.ws.add(state.ws);
      followWebSocket(state.ws, networking, listener);
    }
    if ("udp" in state && !known.udp.has(state.udp)) {
      known.udp.add(state.udp);
      widenReceiveBuffer(state.udp);
    }
    if (state.code === NetworkingStatusCode.Ready && state.connectionData.secretKey !== key) {
      key = state.connectionData.secretKey;
      giveSocket(state.udp, ingress);
      keepKeys(networking, ingress);
      const { encryptionMode, secretKey } = state.connectionData;
      ingress.session({ encryptionMode, secretKey, dave: () => keeperOf(networking) });
      sendOpeningSilence(networking, (error) => listener.unsealed(error));
    } else if (state.code === NetworkingStatusCode.Ready && resuming.has(networking)) {
      sendOpeningSilence(networking, (error) => listener.unsealed(error));
    }
    if (state.code === NetworkingStatusCode.Ready) resuming.delete(networking);
  };
  const followConnection = (): void => {
    const { state } = connection;
    if (!("networking" in state)) return;
    if (!known.networking.has(state.networking)) {
      known.networking.add(state.networking);
      replaceSealing(state.networking, (error) => listener.unsealed(error));
      state.networking.on("stateChange", () => follow(state.networking));
    }
    follow(state.networking);
  };
  connection.on("stateChange", followConnection);
  connection.on("transitioned", () => ingress.keysChanged());
  followConnection();
}

/** Whether the socket is being resumed. Datagrams continue meanwhile, with the same keys. */
export function isResuming({ state }: VoiceConnection): boolean {
  return "networking" in state && state.networking.state.code === NetworkingStatusCode.Resuming;
}

/** Drops the remaining networking, so the library treats the next voice server as a new connection. */
export function dropNetworking(connection: VoiceConnection): void {
  const { state } = connection;
  if (state.status === VoiceConnectionStatus.Destroyed) return;
  connection.state = {
    status: VoiceConnectionStatus.Signalling,
    adapter: state.adapter,
    ...(state.subscription === undefined ? {} : { subscription: state.subscription }),
  };
}

/** Leaves the MLS group and asks to be added again (opcode 31, then a new key package): our keys are not the group's. */
export function rejoinGroup(connection: VoiceConnection, listener: Pick<SeamListener, "malformedMessage">): void {
  if ("networking" in connection.state) recover(connection.state.networking, listener);
}

function followWebSocket(ws: VoiceWs, networking: Networking, listener: SeamListener): void {
  const { ingress } = listener;
  const original = ws.onMessage.bind(ws);
  const handle = (event: VoiceMessage, takesKeys: boolean): void => {
    const trouble = typeof event.data === "string" ? voiceMessageTrouble(event.data) : undefined;
    if (trouble !== undefined) {
      listener.malformedMessage("json", trouble);
      return;
    }
    // An error here would end the process.
    try {
      if (takesKeys) ingress.keysChanging();
      original(event);
    } catch (error) {
      const kind = typeof event.data === "string" ? "json" : "binary";
      listener.malformedMessage(kind, messageOf(error));
      if (kind === "binary") recover(networking, listener);
    }
  };
  // The socket's handler looks this property up for each message.
  ws.onMessage = (event) => {
    const takesKeys = takesKeysAway(event);
    ingress.message(() => handle(event, takesKeys), takesKeys);
  };
  // Runs before the library's own listener, because a resume continues after the last message that the library got.
  ws.prependOnceListener("close", () => ingress.handleWaitingMessages());
  ws.on("packet", (packet: { op: number; d: unknown }) => claimFrom(packet, ingress));
  ws.on("binary", () => ingress.keysChanged());
}

/** Discord voice gateway, binary messages: a sequence number of two bytes, then the opcode. */
const BINARY_OPCODE_OFFSET = 2;
const KEY_OPCODES = [VoiceOpcodes.DaveMlsAnnounceCommitTransition, VoiceOpcodes.DaveMlsWelcome];
const JSON_PREPARE_EPOCH = new RegExp(`"op"\\s*:\\s*${VoiceOpcodes.DavePrepareEpoch}\\b`);

/** Whether the message removes keys: a commit, a welcome, or a new group. */
function takesKeysAway({ data }: VoiceMessage): boolean {
  if (Buffer.isBuffer(data)) return KEY_OPCODES.some((opcode) => opcode === data[BINARY_OPCODE_OFFSET]);
  return typeof data === "string" && JSON_PREPARE_EPOCH.test(data);
}

/**
 * Opcode 5 names the speaker of an SSRC, with 0 for a silent person; opcode 12 names the audio SSRC of a person with
 * video.
 */
function claimFrom(packet: { op: number; d: unknown }, ingress: SeamIngress): void {
  if (typeof packet.d !== "object" || packet.d === null) return;
  const data: Readonly<Record<string, unknown>> = { ...packet.d };
  const isSpeaking = packet.op === VoiceOpcodes.Speaking;
  const ssrc = isSpeaking ? data.ssrc : packet.op === 12 ? data.audio_ssrc : undefined;
  if (typeof ssrc !== "number" || ssrc <= 0 || typeof data.user_id !== "string") return;
  // It becomes a part of file names.
  if (!snowflake.safeParse(data.user_id).success) return;
  ingress.claim(ssrc, data.user_id, isSpeaking && data.speaking !== 0);
}

const keepers = new WeakMap<DAVESession, DaveKeeper>();

/** The library makes its end-to-end state with the session description, and keeps it over a resume. */
function keepKeys({ state }: Networking, ingress: SeamIngress): void {
  const dave = "dave" in state ? state.dave : undefined;
  if (dave === undefined || keepers.has(dave)) return;
  keepers.set(dave, new DaveKeeper(dave, (event) => ingress.keyEvent(event)));
}

function keeperOf({ state }: Networking): DaveKeeper | undefined {
  return "dave" in state && state.dave !== undefined ? keepers.get(state.dave) : undefined;
}

/** Joins the MLS group again after a message that could not be processed. Contained: this may be in a timer. */
function recover(networking: Networking, listener: Pick<SeamListener, "malformedMessage">): void {
  try {
    keeperOf(networking)?.leaveGroup();
  } catch (error) {
    listener.malformedMessage("binary", messageOf(error));
  }
}

function replaceSealing(networking: Networking, onFailure: (error: unknown) => void): void {
  const theirs: Seal = Reflect.get(networking, "encryptOpusPacket");
  Reflect.set(networking, "encryptOpusPacket", ourSeal(theirs.bind(networking), onFailure));
}

/** The discovery is over, so datagrams no longer go through the library's two listeners. */
function giveSocket(udp: VoiceUdp, ingress: SeamIngress): void {
  const socket: Socket | undefined = Reflect.get(udp, "socket");
  if (socket === undefined) return;
  socket.removeAllListeners("message");
  ingress.takeSocket(socket);
}

function widenReceiveBuffer(udp: VoiceUdp): void {
  const socket: Socket | undefined = Reflect.get(udp, "socket");
  socket?.once("listening", () => socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES));
}
