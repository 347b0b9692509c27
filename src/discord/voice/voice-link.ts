import {
  joinVoiceChannel,
  type VoiceConnection,
  VoiceConnectionDisconnectReason,
  VoiceConnectionStatus,
} from "@discordjs/voice";
import { JobError, messageOf } from "../../errors.ts";
import type { SpokenNotice } from "../../recording/ports.ts";
import type { CallEnd } from "../../session/exit.ts";
import { speakInto } from "../notice/speech.ts";
import type { OpenSession } from "../session.ts";
import { certificateTrouble } from "./certificate.ts";
import { backoffMs, type CloseAction, decideOnClose } from "./close-policy.ts";
import { createVoiceAdapter } from "./gateway-adapter.ts";
import type { Hush } from "./hush.ts";
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
  away(): void;
  /** Ready to receive, at first and again after having been away. */
  live(): void;
  /** It will not come back. Comes at most once. */
  lost(end: CallEnd): void;
}

export interface LinkOptions {
  readonly session: OpenSession;
  readonly guildId: string;
  readonly channelId: string;
  /** Gets what is received on the connection. */
  readonly ingress: SeamIngress;
  readonly listener: LinkListener;
  readonly onDebug: (message: string) => void;
}

/** From the join request to a key for the audio. Discord takes about a second. */
const JOIN_DEADLINE_MS = 30_000;
/** For one attempt to come back, resuming included. */
const ATTEMPT_DEADLINE_MS = 20_000;
/** For all attempts together; longer away is `network_loss`. */
const AWAY_BUDGET_MS = 300_000;
/** Between leaving a channel and joining it again. */
const FRESH_PAUSE_MS = 2_000;

/**
 * One bot's voice connection, kept up: joins, comes back by the close code's table with backoff and deadlines, and says
 * when it is over.
 */
export class VoiceLink {
  readonly #options: LinkOptions;
  readonly #connection: VoiceConnection;
  readonly #joined = Promise.withResolvers<void>();
  /** Failed connections since the last one that was ready. */
  #attempt = 0;
  #state: "joining" | "live" | "away" | "over" = "joining";
  /** Why the last connection was refused by this machine itself. */
  #certificateTrouble: string | undefined;
  #nextStep: NodeJS.Timeout | undefined;
  #budget: NodeJS.Timeout;
  /** Set while we leave the channel ourselves to join it again. */
  #leavingToRejoin = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    const { session, guildId, channelId, ingress, listener } = options;
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
    this.#connection.on("error", (error) => {
      options.onDebug(`voice error: ${error.message}`);
      this.#certificateTrouble = certificateTrouble(error) ?? this.#certificateTrouble;
    });
    this.#connection.on("stateChange", (before, after) => this.#changed(before.status, after.status));
    this.#budget = setTimeout(() => this.#outOfTime(), JOIN_DEADLINE_MS);
    this.#joined.promise.catch(() => undefined);
  }

  /** @throws JobError where the channel cannot be entered */
  joined(): Promise<void> {
    return this.#joined.promise;
  }

  /** Whether our own voice state may say "no channel" without anybody having disconnected us. */
  get isLeavingToRejoin(): boolean {
    return this.#leavingToRejoin;
  }

  /** Leaves and joins again, whatever the connection says of itself. */
  rejoin(): void {
    if (this.#state === "over") return;
    this.#goAway();
    this.#fresh();
  }

  /** Asks for a voice server again after the gateway has forgotten us. */
  rejoinNow(): void {
    if (this.#state === "over") return;
    this.#goAway();
    this.#request();
  }

  /** Joins the end-to-end group again: our keys are not the group's. */
  rejoinGroup(): void {
    rejoinGroup(this.#connection, this.#options.listener);
  }

  /** @throws Error where it was not spoken to its end */
  async speak(notice: SpokenNotice, hush: Hush): Promise<void> {
    if (this.#state !== "live") throw new Error("the voice connection is away");
    await speakInto(this.#connection, this.#options.session, notice, hush);
  }

  /** Leaves the channel; the listener gets nothing afterwards. Idempotent. */
  close(): void {
    this.#finish();
    if (this.#connection.state.status !== VoiceConnectionStatus.Destroyed) this.#connection.destroy();
  }

  #changed(before: VoiceConnectionStatus, after: VoiceConnectionStatus): void {
    if (before === after || this.#state === "over") return;
    if (after === VoiceConnectionStatus.Ready) this.#ready();
    else if (after === VoiceConnectionStatus.Disconnected) this.#disconnected();
    else if (after === VoiceConnectionStatus.Connecting) {
      // Resuming keeps the audio's socket and keys: only a deadline is due.
      if (!isResuming(this.#connection)) this.#goAway();
      this.#after(ATTEMPT_DEADLINE_MS, () => this.#closed(1_006));
    }
  }

  #ready(): void {
    clearTimeout(this.#nextStep);
    clearTimeout(this.#budget);
    this.#attempt = 0;
    this.#certificateTrouble = undefined;
    this.#leavingToRejoin = false;
    const wasJoining = this.#state === "joining";
    const wasAway = this.#state === "away";
    this.#state = "live";
    if (wasJoining) this.#joined.resolve();
    if (wasAway || wasJoining) this.#options.listener.live();
  }

  /** The voice server's address was taken away (`endpoint: null`), or the gateway could not be asked. */
  #disconnected(): void {
    this.#goAway();
    const { state } = this.#connection;
    const waits =
      state.status === VoiceConnectionStatus.Disconnected &&
      state.reason === VoiceConnectionDisconnectReason.EndpointRemoved;
    this.#after(waits ? ATTEMPT_DEADLINE_MS : backoffMs(this.#attempt + 1, Math.random()), () => this.#retry());
  }

  #closed(code: number): void {
    if (this.#state === "over") return;
    this.#attempt += 1;
    this.#options.onDebug(`voice closed with code ${code}, attempt ${this.#attempt}`);
    this.#goAway();
    dropNetworking(this.#connection);
    // Another attempt meets the same certificate; in a call another voice server may come.
    const trouble = this.#state === "joining" && this.#attempt > 1 ? this.#certificateTrouble : undefined;
    if (trouble === undefined) this.#act(decideOnClose(code, this.#attempt));
    else this.#fail("network_loss", trouble);
  }

  #act(action: CloseAction): void {
    switch (action.kind) {
      case "rejoin":
        this.#after(backoffMs(this.#attempt, Math.random()), () => this.#request());
        return;
      case "fresh":
        this.#after(backoffMs(this.#attempt, Math.random()), () => this.#fresh());
        return;
      case "await_signalling":
      case "pause":
        this.#after(action.ms, () => this.#request());
        return;
      case "fatal":
        this.#fail(action.failureCode, action.detail);
    }
  }

  #retry(): void {
    this.#attempt += 1;
    this.#request();
  }

  /** Asks the gateway for a voice server. */
  #request(): void {
    dropNetworking(this.#connection);
    this.#connection.rejoin();
    this.#after(ATTEMPT_DEADLINE_MS, () => this.#closed(1_006));
  }

  #fresh(): void {
    this.#leavingToRejoin = true;
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
    this.#after(FRESH_PAUSE_MS, () => this.#request());
  }

  #goAway(): void {
    if (this.#state !== "live") return;
    this.#state = "away";
    this.#budget = setTimeout(() => this.#outOfTime(), AWAY_BUDGET_MS);
    this.#options.listener.away();
  }

  #outOfTime(): void {
    const why = this.#certificateTrouble === undefined ? "" : `: ${this.#certificateTrouble}`;
    if (this.#state === "joining") {
      this.#fail("lobby_timeout", `Discord's voice server did not answer within 30 s${why}`);
    } else this.#fail("network_loss", `the voice connection was lost and did not come back within 5 minutes${why}`);
  }

  #fail(failureCode: JobError["failureCode"], detail: string): void {
    const wasJoining = this.#state === "joining";
    this.close();
    if (wasJoining) this.#joined.reject(new JobError(failureCode, detail));
    else this.#options.listener.lost({ exitReason: "network_loss", failureCode, detail });
  }

  #after(ms: number, step: () => void): void {
    clearTimeout(this.#nextStep);
    if (this.#state !== "over") this.#nextStep = setTimeout(step, ms);
  }

  #finish(): void {
    this.#state = "over";
    clearTimeout(this.#nextStep);
    clearTimeout(this.#budget);
  }
}
