import { PermissionFlagsBits } from "discord-api-types/v10";
import { messageOf } from "../../errors.ts";
import { Pulse } from "../../pulse.ts";
import type { Clock } from "../../recording/ports/clock.ts";
import type { CallListener, CallPlace, SpokenNotice, VoiceSource } from "../../recording/ports/voice.ts";
import type { CallEnd } from "../../session/exit.ts";
import type { EncryptionState } from "../../session/shapes.ts";
import type { KeyEvent } from "../dave/dave-keeper.ts";
import { untilGroupJoined } from "../dave/group-joined.ts";
import { GuildWatch, type OwnFlags } from "../guild/guild-watch.ts";
import { channelPermissions, missingPermissions } from "../guild/permissions.ts";
import { findPlace, refuseSecondSession } from "../guild/place.ts";
import { loadKoffi } from "../receive/kernel/koffi.ts";
import { loadLibc } from "../receive/kernel/libc.ts";
import { loadOpenssl, type Openssl } from "../receive/kernel/openssl.ts";
import { VoiceIngress } from "../receive/voice-ingress.ts";
import type { DiscordSession, OpenSession } from "../session.ts";
import { confirmLeft } from "./confirm-left.ts";
import { Hush } from "./hush.ts";
import { VoiceLink } from "./voice-link.ts";

export interface VoiceOptions {
  readonly session: DiscordSession;
  readonly guildId: string;
  readonly channelId: string;
  /** What to do when a person moves the bot to another channel. */
  readonly onMoved: "follow" | "leave";
  /** Whether to join even if another session of the bot is in a voice channel of the guild. */
  readonly takeover: boolean;
  /** Whether frames without end-to-end encryption are recorded in an encrypted call. */
  readonly recordsPlaintext: boolean;
  /** Whether datagrams are read from the kernel many at a time, if this system can do so. */
  readonly readsInBatches: boolean;
  readonly clock: Clock;
  /** Called once, with the reason, if datagrams cannot be read many at a time. */
  readonly onReadOneByOne: (reason: string) => void;
  readonly onDebug: (message: string) => void;
}

/** A Discord voice channel as the recorder's source. */
export class DiscordVoiceSource implements VoiceSource {
  readonly #options: VoiceOptions;
  readonly #ingress: VoiceIngress;
  readonly #leaving = new AbortController();
  #link: VoiceLink | undefined;
  #watch: GuildWatch | undefined;
  #ignoredMessages = 0;
  #malformedJson = 0;
  readonly #hush = new Hush();
  /** Outgoing audio is forwarded to nobody. */
  #silenced = false;
  /** Processes received packets, and tries waiting ones again. */
  #pulse: Pulse | undefined;
  #ended: CallEnd | undefined;

  constructor(options: VoiceOptions) {
    this.#options = options;
    this.#ingress = new VoiceIngress({
      clock: options.clock,
      roster: () => this.#watch?.roster,
      recordsPlaintext: options.recordsPlaintext,
      loadLibc: () => loadLibc(loadKoffi(options.readsInBatches)),
      onFallback: options.onReadOneByOne,
      onActivity: () => this.#pulse?.wake(),
      openssl: () => this.#openssl(),
      onKeyEvent: (event) => this.#keyEvent(event),
      regroup: () => this.#link?.rejoinGroup(),
      rejoin: () => this.#link?.rejoin(),
      end: (end) => this.#end(end),
      onDebug: options.onDebug,
    });
  }

  async join(): Promise<CallPlace> {
    const session = await this.#options.session.open();
    const { guildId, channelId, onDebug } = this.#options;
    const place = findPlace(session, channelId);
    if (!this.#options.takeover) refuseSecondSession(session);
    this.#watch = this.#watchGuild(session);
    this.#pulse = new Pulse({
      clock: this.#options.clock,
      isQuiet: () => this.isQuiet,
      tick: () => this.#poll(),
    });
    this.#link = new VoiceLink({
      session,
      guildId,
      channelId,
      onDebug,
      clock: this.#options.clock,
      random: Math.random,
      ingress: this.#ingress,
      listener: {
        malformedMessage: (kind, why) => this.#malformed(kind, why),
        disconnected: () => this.#ingress.setDisconnected(true),
        live: () => this.#ingress.setDisconnected(false),
        lost: (end) => this.#end(end),
      },
    });
    await this.#link.joined();
    session.boundary.follow(({ code, text }) => this.#warn(code, text));
    return place;
  }

  listen(listener: CallListener): void {
    this.#ingress.listen(listener);
    for (const change of this.#watch?.roster.present() ?? []) listener.roster(change);
    if (this.#ended !== undefined) listener.ended(this.#ended);
  }

  settle(): void {
    this.#ingress.settle();
  }

  get isQuiet(): boolean {
    return this.#ingress.isQuiet;
  }

  encryption(): EncryptionState {
    return this.#ingress.encryption();
  }

  async speak(notice: SpokenNotice): Promise<void> {
    const { guild, selfId } = await this.#options.session.open();
    const granted = channelPermissions(guild, this.#watch?.roster.channelId ?? "", selfId);
    const [missing] = missingPermissions(granted, PermissionFlagsBits.Speak);
    if (missing !== undefined) throw new Error(`the bot lacks the permission ${missing} in the channel`);
    if (this.#silenced) throw new Error("the bot is muted by the server, or in the audience of a stage");
    const isJoined = () => (this.#ingress.hasKeys && !this.#ingress.isChanging) || !this.#hasCompany();
    await untilGroupJoined({ isJoined, clock: this.#options.clock, signal: this.#leaving.signal });
    if (this.#link === undefined) throw new Error("the bot is not in the channel any more");
    await this.#link.speak(notice, this.#hush);
  }

  #hushIfKeysChange(): void {
    this.#hush.set(this.#ingress.isChanging || (!this.#ingress.hasKeys && this.#hasCompany()));
  }

  #hasCompany(): boolean {
    for (const _ of this.#watch?.roster.userIds() ?? []) return true;
    return false;
  }

  async leave(): Promise<void> {
    this.#leaving.abort();
    this.#ingress.close();
    this.#pulse?.stop();
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

  #openssl(): Openssl | undefined {
    const { readsInBatches, onDebug } = this.#options;
    try {
      return loadOpenssl(loadKoffi(readsInBatches));
    } catch (error) {
      onDebug(`packets are decrypted through Node: ${messageOf(error)}`);
      return undefined;
    }
  }

  #keyEvent(event: KeyEvent): void {
    this.#hushIfKeysChange();
    if (event.kind !== "ignored") return;
    this.#options.onDebug(`ignored opcode ${event.opcode}: ${event.reason}`);
    this.#ignoredMessages += 1;
    if (this.#ignoredMessages > 1) return;
    const text = `an encryption message (opcode ${event.opcode}) was ignored, as Discord's own clients ignore it`;
    this.#warn("dave_message_ignored", `${text}: ${event.reason}`);
  }

  #malformed(kind: "json" | "binary", why: string): void {
    this.#options.onDebug(`a voice message (${kind}) could not be processed: ${why}`);
    if (kind === "binary") {
      this.#warn("dave_malformed_message", "Discord sent an encryption message that could not be processed");
      return;
    }
    this.#malformedJson += 1;
    if (this.#malformedJson > 1) return;
    const text = "Discord's voice server sent a message of an unknown shape; it was left out, and the call continues";
    this.#warn("voice_message_malformed", `${text}: ${why}`);
  }

  #poll(): void {
    this.#ingress.poll();
    this.#hushIfKeysChange();
  }

  #watchGuild(session: OpenSession): GuildWatch {
    return new GuildWatch(session, this.#options.channelId, {
      roster: (change) => {
        this.#ingress.listener?.roster(change);
        if (change.kind === "join") this.#ingress.rosterChanged();
      },
      rosterKnown: (known) => this.#ingress.listener?.rosterKnown(known),
      moved: (channel) => this.#moved(channel),
      disconnected: (timeOut) => {
        if (this.#link?.isLeavingToRejoin === true) return;
        this.#end(disconnection(timeOut));
      },
      ownFlags: (flags) => this.#ownFlags(flags),
      channelDeleted: () => this.#end({ exitReason: "meeting_ended", detail: "the voice channel was deleted" }),
      guildLeft: () => this.#end({ exitReason: "removed_from_meeting", detail: "the bot was removed from the server" }),
      sessionRenewed: () => this.#link?.rejoinNow(),
      refused: (code) => this.#refused(code),
    });
  }

  #moved(channel: { readonly id: string; readonly name: string }): void {
    this.#ingress.listener?.moved(channel);
    if (this.#options.onMoved === "follow") return;
    this.#end({ exitReason: "removed_from_meeting", detail: `the bot was moved to the channel "${channel.name}"` });
  }

  #ownFlags({ deafened, muted, suppressed }: OwnFlags): void {
    this.#silenced = muted || suppressed;
    if (suppressed) this.#warn("suppressed", "the bot is in the audience of a stage; it still hears the speakers");
    if (deafened === this.#ingress.deafened) return;
    if (deafened) this.#warn("server_deafened", "somebody has deafened the bot: Discord sends it no audio");
    this.#ingress.setDeafened(deafened);
  }

  /** Gateway close codes after which the library does not reconnect. */
  #refused(code: number): void {
    const revoked = code === 4004;
    this.#end({
      exitReason: revoked ? "removed_from_meeting" : "network_loss",
      ...(revoked ? { failureCode: "auth_failure" as const } : {}),
      detail: revoked
        ? "the bot token was revoked during the call"
        : `Discord's gateway closed the session for good (code ${code})`,
    });
  }

  #warn(code: string, text: string): void {
    this.#ingress.listener?.warning(code, text);
  }

  #end(end: CallEnd): void {
    if (this.#ended !== undefined) return;
    this.#ended = end;
    this.#ingress.listener?.ended(end);
  }
}

/** @param timeOut when the bot's time-out ends, if a moderator has put it in one */
function disconnection(timeOut: string | undefined): CallEnd {
  const exitReason = "removed_from_meeting";
  if (timeOut === undefined) return { exitReason, detail: "the bot was disconnected from the voice channel" };
  const detail = `a moderator has put the bot in time-out until ${timeOut}, which disconnected it`;
  return { exitReason, failureCode: "host_denied_admission", detail };
}
