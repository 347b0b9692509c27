import { PermissionFlagsBits } from "discord.js";
import { isSilencePacket } from "../audio/opus-packet.ts";
import type { CallListener, CallPlace, Clock, EncryptionState, SpokenNotice, VoiceSource } from "../recording/ports.ts";
import type { CallEnd } from "../session/exit.ts";
import { Arrivals } from "./arrivals.ts";
import { confirmLeft } from "./confirm-left.ts";
import type { KeyEvent } from "./dave-keeper.ts";
import { untilGroupJoined } from "./group-joined.ts";
import { GuildWatch, type OwnFlags } from "./guild-watch.ts";
import { Hearing } from "./hearing.ts";
import { KeyHistory } from "./key-history.ts";
import { channelPermissions, missingPermissions } from "./permissions.ts";
import { findPlace, refuseSecondSession } from "./place.ts";
import { Receiver } from "./receive.ts";
import type { DiscordSession, OpenSession } from "./session.ts";
import { createTransportDecryptor } from "./transport-decrypt.ts";
import { VoiceLink } from "./voice-link.ts";
import type { VoiceSession } from "./voice-seam.ts";

export interface VoiceOptions {
  readonly session: DiscordSession;
  readonly guildId: string;
  readonly channelId: string;
  /** What to do when somebody moves the bot to another channel. */
  readonly onMoved: "follow" | "leave";
  /** Whether to join although the bot is in a voice channel of the guild through another session. */
  readonly takeover: boolean;
  readonly clock: Clock;
  readonly onDebug: (message: string) => void;
}

/** What has arrived is looked at this often, and what waits is tried again; a hole in the order waits for 250 ms. */
const POLL_INTERVAL_MS = 100;

/** A Discord voice channel as the recorder's source. */
export class DiscordVoiceSource implements VoiceSource {
  readonly #options: VoiceOptions;
  readonly #keys = new KeyHistory();
  readonly #hearing: Hearing;
  readonly #arrivals = new Arrivals();
  readonly #leaving = new AbortController();
  #listener: CallListener | undefined;
  #link: VoiceLink | undefined;
  #watch: GuildWatch | undefined;
  #receiver: Receiver | undefined;
  #connections = 0;
  #ignoredMessages = 0;
  /** What we send is passed on to nobody. */
  #silenced = false;
  #stopPolling: (() => void) | undefined;
  #ended: CallEnd | undefined;

  constructor(options: VoiceOptions) {
    this.#options = options;
    this.#hearing = new Hearing(this.#keys, {
      connection: (state) => this.#listenerNow()?.connection(state),
      regroup: () => this.#regroup(),
      rejoin: () => {
        this.#warn("capture_stalled", "people speak, but nothing can be heard; the channel is joined anew");
        this.#link?.rejoin();
      },
      gaveUp: (end) => this.#end(end),
    });
  }

  async join(): Promise<CallPlace> {
    const session = await this.#options.session.open();
    const { guildId, channelId, onDebug } = this.#options;
    const place = findPlace(session, channelId);
    if (!this.#options.takeover) refuseSecondSession(session);
    this.#watch = this.#watchGuild(session);
    this.#stopPolling = this.#options.clock.every(POLL_INTERVAL_MS, () => this.#poll());
    this.#link = new VoiceLink({
      session,
      guildId,
      channelId,
      onDebug,
      listener: {
        session: (voiceSession) => this.#startReceiver(voiceSession),
        datagram: (datagram) => this.#arrivals.add(datagram, this.#options.clock.nowMs()),
        claim: (ssrc, userId, speaking) => this.#claim(ssrc, userId, speaking),
        keysChanging: () => {
          this.catchUp();
          this.#receiver?.openHeld();
        },
        keysChanged: () => {
          this.#keys.note();
          this.#receiver?.retryAll();
        },
        keyEvent: (event) => this.#keyEvent(event),
        malformedMessage: () =>
          this.#warn("dave_malformed_message", "Discord sent an encryption message that could not be processed"),
        away: () => this.#hearing.setAway(true),
        live: () => this.#hearing.setAway(false),
        lost: (end) => this.#end(end),
      },
    });
    await this.#link.joined();
    return place;
  }

  listen(listener: CallListener): void {
    this.catchUp();
    this.#listener = listener;
    for (const change of this.#watch?.roster.present() ?? []) listener.roster(change);
    if (this.#ended !== undefined) listener.ended(this.#ended);
  }

  catchUp(): void {
    this.#arrivals.take((datagram, arrivalMs) => this.#receiver?.receive(datagram, arrivalMs));
  }

  encryption(): EncryptionState {
    return this.#keys.summary();
  }

  async speak(notice: SpokenNotice): Promise<void> {
    const { guild, selfId } = await this.#options.session.open();
    const granted = channelPermissions(guild, this.#watch?.roster.channelId ?? "", selfId);
    const [missing] = missingPermissions(granted, PermissionFlagsBits.Speak);
    if (missing !== undefined) throw new Error(`the bot lacks the permission ${missing} in the channel`);
    if (this.#silenced) throw new Error("the bot is muted by the server, or in the audience of a stage");
    const isJoined = () => this.#keys.areThere || !this.#hasCompany();
    await untilGroupJoined({ isJoined, clock: this.#options.clock, signal: this.#leaving.signal });
    if (this.#link === undefined) throw new Error("the bot is not in the channel any more");
    await this.#link.speak(notice);
  }

  #hasCompany(): boolean {
    for (const _ of this.#watch?.roster.userIds() ?? []) return true;
    return false;
  }

  async leave(): Promise<void> {
    // What still waits for a key or a speaker gets its fate while somebody counts.
    this.catchUp();
    this.#leaving.abort();
    this.#receiver?.close();
    this.#receiver = undefined;
    this.#listener = undefined;
    this.#stopPolling?.();
    this.#watch?.close();
    const link = this.#link;
    this.#link = undefined;
    if (link === undefined) return;
    const left = this.#ended === undefined ? confirmLeft(await this.#options.session.open()) : Promise.resolve();
    link.close();
    await left;
  }

  async close(): Promise<void> {
    await this.leave();
    await this.#options.session.close();
  }

  #startReceiver({ encryptionMode, secretKey, dave }: VoiceSession): void {
    // What came before the first key is for the receiver that has it.
    if (this.#receiver !== undefined) this.catchUp();
    this.#receiver?.close();
    this.#keys.follow(dave);
    this.#hearing.connected();
    this.#connections += 1;
    this.#receiver = new Receiver({
      connection: this.#connections,
      transport: createTransportDecryptor(encryptionMode, secretKey),
      dave,
      candidates: () => this.#watch?.roster.userIds() ?? [],
      onFrame: (frame) => {
        // Comfort silence passes in the clear: it proves no key.
        if (!isSilencePacket(frame.opus)) this.#hearing.heard();
        this.#listener?.frame(frame);
      },
      onWaiting: () => this.#hearing.sign(this.#options.clock.nowMs()),
      onDrop: (fate, userId) => this.#listener?.dropped(fate, userId),
    });
  }

  #claim(ssrc: number, userId: string, speaking: boolean): void {
    if (speaking) this.#hearing.sign(this.#options.clock.nowMs());
    // Before the claim the SSRC may have been somebody else's.
    this.catchUp();
    this.#receiver?.claim(ssrc, userId);
  }

  #keyEvent(event: KeyEvent): void {
    if (event.kind !== "ignored") return;
    this.#options.onDebug(`ignored opcode ${event.opcode}: ${event.reason}`);
    this.#ignoredMessages += 1;
    if (this.#ignoredMessages > 1) return;
    const text = `an encryption message (opcode ${event.opcode}) was ignored, as Discord's own clients ignore it`;
    this.#warn("dave_message_ignored", `${text}: ${event.reason}`);
  }

  #poll(): void {
    const nowMs = this.#options.clock.nowMs();
    this.catchUp();
    this.#receiver?.poll(nowMs);
    this.#hearing.poll(nowMs, this.#receiver?.hasWaiting === true);
  }

  #regroup(): void {
    this.#options.onDebug("speech cannot be decrypted: joining the encrypted group again");
    this.#receiver?.openHeld();
    this.#link?.rejoinGroup();
  }

  #watchGuild(session: OpenSession): GuildWatch {
    return new GuildWatch(session, this.#options.channelId, {
      roster: (change) => this.#listenerNow()?.roster(change),
      rosterKnown: (known) => this.#listenerNow()?.rosterKnown(known),
      moved: (channel) => this.#moved(channel),
      disconnected: () => {
        if (this.#link?.isLeavingToRejoin === true) return;
        this.#end({ exitReason: "removed_from_meeting", detail: "the bot was disconnected from the voice channel" });
      },
      ownFlags: (flags) => this.#ownFlags(flags),
      channelDeleted: () => this.#end({ exitReason: "meeting_ended", detail: "the voice channel was deleted" }),
      guildLeft: () => this.#end({ exitReason: "removed_from_meeting", detail: "the bot was removed from the server" }),
      sessionRenewed: () => this.#link?.rejoinNow(),
      refused: (code) => this.#refused(code),
    });
  }

  #moved(channel: { readonly id: string; readonly name: string }): void {
    this.#listenerNow()?.moved(channel);
    if (this.#options.onMoved === "follow") return;
    this.#end({ exitReason: "removed_from_meeting", detail: `the bot was moved to the channel "${channel.name}"` });
  }

  #ownFlags({ deafened, muted, suppressed }: OwnFlags): void {
    this.#silenced = muted || suppressed;
    if (suppressed)
      this.#warn("suppressed", "the bot is in the audience of a stage; it hears the speakers all the same");
    if (deafened === this.#hearing.deafened) return;
    if (deafened) this.#warn("server_deafened", "somebody has deafened the bot: Discord sends it no audio");
    this.#hearing.setDeafened(deafened);
  }

  /** Gateway close codes that discord.js does not come back from. */
  #refused(code: number): void {
    const revoked = code === 4004;
    this.#end({
      exitReason: revoked ? "removed_from_meeting" : "network_loss",
      ...(revoked ? { failureCode: "auth_failure" as const } : {}),
      detail: revoked
        ? "the bot token was revoked while the call went on"
        : `Discord's gateway closed the session for good (code ${code})`,
    });
  }

  #warn(code: string, text: string): void {
    this.#listener?.warning(code, text);
  }

  #end(end: CallEnd): void {
    if (this.#ended !== undefined) return;
    this.#ended = end;
    this.#listenerNow()?.ended(end);
  }

  /** For what must come after the packets that arrived before it. */
  #listenerNow(): CallListener | undefined {
    this.catchUp();
    return this.#listener;
  }
}
