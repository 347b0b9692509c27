import type { DropFate } from "../audio/fates.ts";
import { isSilencePacket } from "../audio/opus-packet.ts";
import {
  type AutoLeaveOptions,
  type CallFact,
  type CallSnapshot,
  type Countdown,
  countdowns,
  decideLeave,
  observe,
  startSnapshot,
} from "../session/auto-leave.ts";
import type { ChatEvent } from "../session/chat.ts";
import type { RosterEvent, SessionEvent } from "../session/events.ts";
import type { CallEnd } from "../session/exit.ts";
import { type Manifest, samplesToMs } from "../session/manifest.ts";
import { Roster } from "../session/roster.ts";
import { DatagramCounts } from "./datagram-counts.ts";
import type { LineLog } from "./line-log.ts";
import type { CallListener, CallObserver, ChatEventBody, Clock, RosterChange, VoiceFrame } from "./ports.ts";
import type { SessionClock } from "./session-clock.ts";
import { type SpeakersOptions, SpeakerTracks } from "./speakers.ts";
import type { FinishedPart, TrackListener } from "./track.ts";

export interface CallRecordingOptions {
  readonly clock: Clock;
  readonly sessionClock: SessionClock;
  readonly autoLeave: AutoLeaveOptions;
  readonly tracks: Omit<SpeakersOptions, "clock" | "displayName" | "listener">;
  readonly events: LineLog<SessionEvent>;
  readonly chat: LineLog<ChatEvent> | undefined;
  readonly observer: CallObserver | undefined;
  readonly onPartClosed: (part: FinishedPart) => void;
  readonly onPartFailed: (name: string, error: unknown) => void;
  readonly onEnded: (end: CallEnd) => void;
  readonly onWarning: (code: string, text: string) => void;
  /** Somebody came, left or spoke for the first time. */
  readonly onPerson: (what: "joined" | "left" | "speaks", id: string, displayName: string) => void;
}

/** Everything that one call leaves behind, while it runs: audio, chat, roster, events, counts. */
export class CallRecording implements CallListener {
  readonly tracks: SpeakerTracks;
  readonly people = new Roster();
  readonly rosterEvents: RosterEvent[] = [];
  readonly gaps: Manifest["gaps"] = [];
  readonly warnings: Manifest["warnings"] = [];
  readonly datagrams = new DatagramCounts();
  readonly #options: CallRecordingOptions;
  readonly #voiced = new Set<string>();
  #snapshot: CallSnapshot;
  /** The gap that is open now. */
  #gap: { startMs: number; reason: "reconnect" | "unheard" } | undefined;

  constructor(options: CallRecordingOptions) {
    this.#options = options;
    this.#snapshot = startSnapshot(options.clock.nowMs());
    this.tracks = new SpeakerTracks({
      ...options.tracks,
      clock: options.sessionClock,
      displayName: (userId) => this.people.get(userId)?.displayName ?? userId,
      listener: this.#trackListener(),
    });
  }

  get chatLines(): number {
    return this.#options.chat?.lines ?? 0;
  }

  frame(frame: VoiceFrame): void {
    if (frame.opus.length === 0) {
      this.tracks.skip(frame);
      this.datagrams.dropped("padding_only", frame.userId);
      return;
    }
    const verdict = this.tracks.push(frame);
    this.#options.observer?.frame(frame, this.#atMs());
    if (verdict !== "accepted") {
      this.datagrams.dropped(verdict, frame.userId);
      return;
    }
    this.datagrams.accepted(frame.userId);
    if (isSilencePacket(frame.opus)) return;
    this.#voiced.add(frame.userId);
    if (this.people.spoke(frame.userId)) this.#tellPerson("speaks", frame.userId);
  }

  dropped(fate: DropFate, userId: string | undefined): void {
    this.datagrams.dropped(fate, userId);
    if (userId !== undefined) this.tracks.countDrop(userId, fate);
  }

  roster(change: RosterChange): void {
    const atMs = this.#atMs();
    this.#options.observer?.roster(change, atMs);
    switch (change.kind) {
      case "join": {
        const { person: participant, flags } = change;
        if (!this.people.join(participant, atMs)) return;
        this.#noteRoster({ type: "participant.join", atMs, participant, flags });
        if (!participant.bot) this.#observe({ type: "human_joined", userId: participant.id });
        return;
      }
      case "leave":
        if (!this.people.leave(change.userId, atMs)) return;
        this.#noteRoster({ type: "participant.leave", atMs, participantId: change.userId });
        this.#observe({ type: "human_left", userId: change.userId });
        return;
      case "update": {
        const { person: participant, flags } = change;
        this.people.rename(participant);
        this.#options.events.write({ type: "participant.update", atMs, participant, flags });
      }
    }
  }

  connection(state: "live" | "reconnecting" | "unheard"): void {
    const atMs = this.#atMs();
    if (state !== "live") {
      // A connection that is lost while nothing could be heard makes it one gap, of the graver kind.
      const reason = state === "reconnecting" ? "reconnect" : "unheard";
      if (this.#gap === undefined) this.#gap = { startMs: atMs, reason };
      else if (reason === "reconnect") this.#gap.reason = reason;
      this.#observe({ type: "away" });
      return;
    }
    this.#observe({ type: "live" });
    if (this.#gap === undefined) return;
    const gap = { ...this.#gap, endMs: atMs };
    this.#gap = undefined;
    if (gap.reason === "reconnect") this.tracks.endConnection();
    this.gaps.push(gap);
    this.#options.events.write({ type: "gap", atMs: gap.startMs, endMs: gap.endMs, reason: gap.reason });
  }

  moved(channel: { readonly id: string; readonly name: string }): void {
    const { id: channelId, name: channelName } = channel;
    this.#options.events.write({ type: "moved", atMs: this.#atMs(), channelId, channelName });
  }

  warning(code: string, text: string): void {
    if (!this.warnings.some((warning) => warning.code === code)) this.warnings.push({ code, text });
    this.#options.events.write({ type: "warning", atMs: this.#atMs(), code, text });
    this.#options.onWarning(code, text);
  }

  ended(end: CallEnd): void {
    this.#options.onEnded(end);
  }

  chatted(body: ChatEventBody): void {
    const atMs = this.#atMs();
    this.#options.observer?.chat(body, atMs);
    this.#options.chat?.write({ ...body, at: this.#options.sessionClock.isoAt(atMs), offsetMs: atMs });
  }

  /** To be called a few times a second. Gives the end that an auto-leave rule asks for, if any. */
  tick(): CallEnd | undefined {
    const nowMs = this.#options.clock.nowMs();
    this.tracks.poll(nowMs);
    for (const userId of this.#voiced) this.#observe({ type: "voice", userId });
    this.#voiced.clear();
    this.#options.events.flush();
    this.#options.chat?.flush();
    return decideLeave(this.#snapshot, nowMs, this.#options.autoLeave);
  }

  /** How long each auto-leave rule that applies now still has to go. */
  countdowns(): Countdown[] {
    return countdowns(this.#snapshot, this.#options.clock.nowMs(), this.#options.autoLeave);
  }

  /** Nothing more will come: writes what is held back, and closes the parts. */
  async close(): Promise<void> {
    this.connection("live");
    await this.tracks.close();
  }

  #atMs(): number {
    return this.#options.sessionClock.nowMs();
  }

  #observe(fact: CallFact): void {
    this.#snapshot = observe(this.#snapshot, fact, this.#options.clock.nowMs());
  }

  #noteRoster(event: RosterEvent): void {
    this.rosterEvents.push(event);
    this.#options.events.write(event);
    if (event.type === "participant.join") this.#tellPerson("joined", event.participant.id);
    else this.#tellPerson("left", event.participantId);
  }

  #tellPerson(what: "joined" | "left" | "speaks", id: string): void {
    this.#options.onPerson(what, id, this.people.get(id)?.displayName ?? id);
  }

  #trackListener(): TrackListener {
    const { events, onPartClosed, onPartFailed } = this.#options;
    return {
      partOpened: ({ userId, name, startSamples }) =>
        events.write({ type: "part.open", atMs: samplesToMs(startSamples), speakerId: userId, file: name }),
      partClosed: (part) => {
        const { startSamples, durationSamples, userId, file } = part;
        events.write({
          type: "part.close",
          atMs: samplesToMs(startSamples),
          endMs: samplesToMs(startSamples + durationSamples),
          speakerId: userId,
          file: file.name,
        });
        onPartClosed(part);
      },
      partFailed: onPartFailed,
      tooLate: (userId) => this.datagrams.tooLate(userId),
      anchored: (speakerId, ssrc, { reason, positionSamples, shiftSamples }) =>
        events.write({
          type: "anchor",
          atMs: samplesToMs(positionSamples),
          speakerId,
          ssrc,
          reason,
          shiftMs: samplesToMs(shiftSamples),
        }),
      talkspurt: (speakerId, start, end) =>
        events.write({ type: "talkspurt", atMs: samplesToMs(start), endMs: samplesToMs(end), speakerId }),
    };
  }
}
