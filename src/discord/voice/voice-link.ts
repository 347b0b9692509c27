import {
  joinVoiceChannel,
  type VoiceConnection,
  VoiceConnectionDisconnectReason,
  VoiceConnectionStatus,
} from "@discordjs/voice";
import { JobError, messageOf } from "../../errors.ts";
import type { Clock } from "../../recording/ports/clock.ts";
import type { SpokenNotice } from "../../recording/ports/voice.ts";
import type { CallEnd } from "../../session/exit.ts";
import { speakInto } from "../notice/speech.ts";
import type { OpenSession } from "../session.ts";
import { certificateTrouble } from "./certificate.ts";
import { backoffMs, type CloseAction, decideOnClose } from "./close-policy.ts";
import { createVoiceAdapter } from "./gateway-adapter.ts";
import type { Hush } from "./hush.ts";
import type { LinkState, Stop, Trying } from "./link-state.ts";
import {
  attachSeam,
  dropNetworking,
  isResuming,
  rejoinGroup,
  type SeamIngress,
  type SeamListener,
} from "./voice-seam.ts";

/** Informed about the connection as a whole. */
export interface LinkListener extends Pick<SeamListener, "malformedMessage"> {
  /** Nothing can be received from now on. */
  disconnected(): void;
  /** Ready to receive, at first and again after a disconnect. */
  live(): void;
  /** It is lost for good. Called at most once. */
  lost(end: CallEnd): void;
}

export interface LinkOptions {
  readonly session: OpenSession;
  readonly guildId: string;
  readonly channelId: string;
  /** Gets what is received on the connection. */
  readonly ingress: SeamIngress;
  readonly listener: LinkListener;
  readonly clock: Pick<Clock, "sleep">;
  /** From 0 to 1; spreads the attempts of many bots. */
  readonly random: () => number;
  readonly onDebug: (message: string) => void;
}

/** Time from the join request to a key for the audio. Discord takes about a second. */
const JOIN_DEADLINE_MS = 30_000;
/** Time for one attempt to reconnect, including a resume. */
const ATTEMPT_DEADLINE_MS = 20_000;
/** Time for all attempts; a longer disconnect ends the job with `network_loss`. */
const RECONNECT_BUDGET_MS = 300_000;
/** The pause between leaving a channel and joining it again. */
const FRESH_PAUSE_MS = 2_000;

/**
 * Keeps a bot's voice connection up: it joins, reconnects as the close code requires, with backoff and deadlines, and
 * reports when it is over.
 */
export class VoiceLink {
  readonly #options: LinkOptions;
  readonly #connection: VoiceConnection;
  readonly #joined = Promise.withResolvers<void>();
  #state: LinkState;

  constructor(options: LinkOptions) {
    this.#options = options;
    const { session, guildId, channelId, ingress, listener } = options;
    this.#state = { kind: "joining", ...this.#beginTrying(JOIN_DEADLINE_MS, undefined, undefined) };
    this.#connection = joinVoiceChannel({
      guildId,
      channelId,
      adapterCreator: createVoiceAdapter(session.client, guildId, session.selfId),
      selfDeaf: false,
      selfMute: true,
      debug: false,
    });
    attachSeam(this.#connection, {
      ingress,
      malformedMessage: (kind, why) => listener.malformedMessage(kind, why),
      unsealed: (error) => options.onDebug(`a frame could not be encrypted: ${messageOf(error)}`),
      closed: (code) => this.#closed(code),
    });
    this.#connection.on("error", (error) => this.#failed(error));
    this.#connection.on("stateChange", (before, after) => this.#changed(before.status, after.status));
    this.#joined.promise.catch(() => undefined);
  }

  /** @throws JobError if the channel cannot be entered */
  joined(): Promise<void> {
    return this.#joined.promise;
  }

  /** Whether the bot's voice state may say "no channel" although nobody disconnected it. */
  get isLeavingToRejoin(): boolean {
    return "isLeaving" in this.#state && this.#state.isLeaving;
  }

  /** Leaves and joins again, whatever the state of the connection. */
  rejoin(): void {
    const trying = this.#enterDisconnected();
    if (trying !== undefined) this.#leaveAndJoin(trying);
  }

  /** Asks for a voice server again after the gateway has forgotten the session. */
  rejoinNow(): void {
    if (this.#enterDisconnected() !== undefined) this.#requestServer();
  }

  /** Rejoins the end-to-end group, because our keys are not the group's. */
  rejoinGroup(): void {
    rejoinGroup(this.#connection, this.#options.listener);
  }

  /** @throws Error if it was not played to its end */
  async speak(notice: SpokenNotice, hush: Hush): Promise<void> {
    if (this.#state.kind !== "live") throw new Error("the voice connection is lost");
    await speakInto(this.#connection, this.#options.session, notice, hush);
  }

  /** Leaves the channel; the listener is not called after that. Idempotent. */
  close(): void {
    const state = this.#state;
    this.#state = { kind: "over" };
    if (state.kind !== "over") state.stopStep?.();
    if ("stopDeadline" in state) state.stopDeadline();
    if (this.#connection.state.status !== VoiceConnectionStatus.Destroyed) this.#connection.destroy();
  }

  #changed(before: VoiceConnectionStatus, after: VoiceConnectionStatus): void {
    if (before === after || this.#state.kind === "over") return;
    if (after === VoiceConnectionStatus.Ready) this.#ready(this.#state);
    else if (after === VoiceConnectionStatus.Disconnected) this.#disconnected();
    else if (after === VoiceConnectionStatus.Connecting) {
      // Resuming keeps the audio's socket and keys, so only a deadline is needed.
      if (!isResuming(this.#connection)) this.#enterDisconnected();
      this.#after(ATTEMPT_DEADLINE_MS, () => this.#closed(1_006));
    }
  }

  #ready(before: Exclude<LinkState, { kind: "over" }>): void {
    before.stopStep?.();
    this.#state = { kind: "live", stopStep: undefined, certificateTrouble: undefined };
    if (before.kind === "live") return;
    before.stopDeadline();
    if (before.kind === "joining") this.#joined.resolve();
    this.#options.listener.live();
  }

  /** The voice server's address was withdrawn (`endpoint: null`), or the gateway could not be reached. */
  #disconnected(): void {
    const trying = this.#enterDisconnected();
    if (trying === undefined) return;
    const { state } = this.#connection;
    const waits =
      state.status === VoiceConnectionStatus.Disconnected &&
      state.reason === VoiceConnectionDisconnectReason.EndpointRemoved;
    this.#after(waits ? ATTEMPT_DEADLINE_MS : this.#backoffMs(trying.attempt + 1), () => {
      trying.attempt += 1;
      this.#requestServer();
    });
  }

  /** The library could not connect. */
  #failed(error: Error): void {
    this.#options.onDebug(`voice error: ${error.message}`);
    if (this.#state.kind === "over") return;
    this.#state.certificateTrouble = certificateTrouble(error) ?? this.#state.certificateTrouble;
  }

  #closed(code: number): void {
    const trying = this.#enterDisconnected();
    if (trying === undefined) return;
    trying.attempt += 1;
    this.#options.onDebug(`voice closed with code ${code}, attempt ${trying.attempt}`);
    dropNetworking(this.#connection);
    // While joining, a retry would meet the same certificate; during a call the voice server may change.
    const trouble = trying.kind === "joining" && trying.attempt > 1 ? trying.certificateTrouble : undefined;
    if (trouble === undefined) this.#act(decideOnClose(code, trying.attempt), trying);
    else this.#fail("network_loss", trouble);
  }

  #act(action: CloseAction, trying: Trying): void {
    switch (action.kind) {
      case "rejoin":
        this.#after(this.#backoffMs(trying.attempt), () => this.#requestServer());
        return;
      case "fresh":
        this.#after(this.#backoffMs(trying.attempt), () => this.#leaveAndJoin(trying));
        return;
      case "await_signalling":
      case "pause":
        this.#after(action.ms, () => this.#requestServer());
        return;
      case "fatal":
        this.#fail(action.failureCode, action.detail);
    }
  }

  /** Asks the gateway for a voice server. */
  #requestServer(): void {
    dropNetworking(this.#connection);
    this.#connection.rejoin();
    this.#after(ATTEMPT_DEADLINE_MS, () => this.#closed(1_006));
  }

  #leaveAndJoin(trying: Trying): void {
    trying.isLeaving = true;
    dropNetworking(this.#connection);
    const { state } = this.#connection;
    if (state.status !== VoiceConnectionStatus.Destroyed) {
      const { guildId } = this.#options;
      // Discord's opcode 4 without a channel: leave. The library's own `disconnect` refuses while signalling.
      state.adapter.sendPayload({
        op: 4,
        d: { guild_id: guildId, channel_id: null, self_deaf: false, self_mute: true },
      });
    }
    this.#after(FRESH_PAUSE_MS, () => this.#requestServer());
  }

  /** @returns the state in which attempts are counted; undefined after the end */
  #enterDisconnected(): (Trying & { readonly kind: "joining" | "disconnected" }) | undefined {
    const state = this.#state;
    if (state.kind === "over") return undefined;
    if (state.kind !== "live") return state;
    const { stopStep, certificateTrouble } = state;
    const trying = this.#beginTrying(RECONNECT_BUDGET_MS, stopStep, certificateTrouble);
    const disconnected = { kind: "disconnected" as const, ...trying };
    this.#state = disconnected;
    this.#options.listener.disconnected();
    return disconnected;
  }

  #beginTrying(budgetMs: number, stopStep: Stop | undefined, trouble: string | undefined): Trying {
    const stopDeadline = this.#once(budgetMs, () => this.#outOfTime());
    return { attempt: 0, isLeaving: false, stopStep, certificateTrouble: trouble, stopDeadline };
  }

  #outOfTime(): void {
    if (!("attempt" in this.#state)) return;
    const { kind, certificateTrouble: trouble } = this.#state;
    const why = trouble === undefined ? "" : `: ${trouble}`;
    if (kind === "joining") {
      this.#fail("lobby_timeout", `Discord's voice server did not answer within 30 s${why}`);
    } else this.#fail("network_loss", `the voice connection was lost and did not come back within 5 minutes${why}`);
  }

  #fail(failureCode: JobError["failureCode"], detail: string): void {
    const wasJoining = this.#state.kind === "joining";
    this.close();
    if (wasJoining) this.#joined.reject(new JobError(failureCode, detail));
    else this.#options.listener.lost({ exitReason: "network_loss", failureCode, detail });
  }

  #backoffMs(attempt: number): number {
    return backoffMs(attempt, this.#options.random());
  }

  /** Schedules the next step, and replaces the scheduled one. */
  #after(waitMs: number, step: () => void): void {
    if (this.#state.kind === "over") return;
    this.#state.stopStep?.();
    this.#state.stopStep = this.#once(waitMs, step);
  }

  #once(waitMs: number, action: () => void): Stop {
    const stopped = new AbortController();
    void this.#options.clock.sleep(waitMs, stopped.signal).then(() => {
      if (!stopped.signal.aborted) action();
    });
    return () => stopped.abort();
  }
}
