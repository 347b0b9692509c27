/** This file is long because it is the only interface to a call for the ports and the recorder. Most methods delegate. */

import type { DropFate } from "../../audio/fates.ts";
import { samplesToMs } from "../../audio/opus-packet.ts";
import { carriesSound } from "../../audio/silence.ts";
import type { ChatEvent } from "../../session/chat.ts";
import type { Consents } from "../../session/consent.ts";
import type { NoteRequest } from "../../session/control.ts";
import type { CallEnd } from "../../session/exit.ts";
import type { AutoLeaveOptions, Countdown } from "../../session/leaving/auto-leave.ts";
import type { RosterEvent } from "../../session/session-events.ts";
import type { EncryptionState, Person } from "../../session/shapes.ts";
import type { JobJournal } from "../job/job-journal.ts";
import type { JobRecord } from "../job/job-record.ts";
import type { CallFigures } from "../job/status.ts";
import type { ChatEventBody, ChatListener } from "../ports/chat.ts";
import type { Clock } from "../ports/clock.ts";
import type { CallObserver } from "../ports/observer.ts";
import type { CallListener, RosterChange, VoiceFrame } from "../ports/voice.ts";
import type { NewestPackets } from "../tracks/newest-packets.ts";
import { type SpeakersOptions, SpeakerTracks } from "../tracks/speaker-tracks.ts";
import { trackEvents } from "../tracks/track-events.ts";
import type { FailedPart, FinishedPart, TrackListener } from "../tracks/track-listener.ts";
import { CallWarnings } from "./call-warnings.ts";
import { ChatLines } from "./chat-lines.ts";
import type { ConsentCall } from "./consent-desk.ts";
import { CountNotes } from "./count-notes.ts";
import { DatagramCounts } from "./datagram-counts.ts";
import { Latencies } from "./latencies.ts";
import { LeaveWatch } from "./leave-watch.ts";
import type { LineLog } from "./line-log.ts";
import { type ConnectionState, RecordingGaps } from "./recording-gaps.ts";
import type { SessionClock } from "./session-clock.ts";

export interface CallRecordingOptions {
  readonly clock: Clock;
  readonly sessionClock: SessionClock;
  readonly autoLeave: AutoLeaveOptions;
  /** The bot's own account. */
  readonly selfId: string;
  readonly tracks: Omit<SpeakersOptions, "clock" | "displayName" | "listener">;
  readonly journal: JobJournal;
  readonly chat: LineLog<ChatEvent> | undefined;
  readonly linesForNotes: () => LineLog<ChatEvent>;
  readonly observer: CallObserver | undefined;
  readonly newestPackets: NewestPackets | undefined;
  readonly onPartClosed: (part: FinishedPart) => void;
  readonly onPartFailed: (part: FailedPart) => void;
  readonly onActivity: () => void;
  readonly onEnded: (end: CallEnd) => void;
  readonly onMoved: (channelId: string) => void;
  readonly onWarning: (code: string, text: string) => void;
  /** Called when a person joins, leaves or speaks for the first time. */
  readonly onPerson: (what: "joined" | "left" | "speaks", id: string, displayName: string) => void;
  /** Called once for each other recording bot in the call. */
  readonly onCompetingBot: (participant: Person, leaves: boolean) => void;
  readonly encryption: () => EncryptionState;
  /** See `VoiceSource.settle`. */
  readonly settle: () => void;
}

/**
 * Writes everything that is recorded of a running call: audio, chat, roster, events and counts.
 */
export class CallRecording implements CallListener, ChatListener, ConsentCall {
  readonly tracks: SpeakerTracks;
  readonly datagrams = new DatagramCounts();
  readonly #options: CallRecordingOptions;
  readonly #record: JobRecord;
  readonly #leaveWatch: LeaveWatch;
  readonly #gaps: RecordingGaps;
  readonly #chat: ChatLines;
  readonly #pageLatency = new Latencies();
  readonly #warnings: CallWarnings;
  #reconnects = 0;
  readonly #countNotes: CountNotes;

  constructor(options: CallRecordingOptions) {
    this.#options = options;
    this.#record = options.journal.record;
    this.#warnings = new CallWarnings(this.#record, (code, text) => this.warning(code, text));
    const { autoLeave, selfId, journal, sessionClock, observer, onCompetingBot } = options;
    const nowMs = (): number => this.#atMs();
    this.#gaps = new RecordingGaps({ journal, nowMs });
    const { consents } = this.#record;
    this.#chat = new ChatLines({
      ...{ lines: options.chat, sessionClock, gaps: this.#gaps, consents, selfId, observer },
      linesForNotes: options.linesForNotes,
      onRefused: (reason) => this.#warnings.malformedChat(reason),
      onTooMuch: () => this.#warnings.tooMuchChat(),
    });
    this.#leaveWatch = new LeaveWatch({ autoLeave, selfId, journal, onCompetingBot, nowMs });
    this.tracks = new SpeakerTracks({
      ...options.tracks,
      clock: options.sessionClock,
      displayName: (userId) => this.#record.people.get(userId)?.displayName ?? userId,
      listener: this.#trackListener(),
    });
    const { clock, encryption } = options;
    const { datagrams, tracks } = this;
    this.#countNotes = new CountNotes({ clock, nowMs, journal, encryption, datagrams, tracks });
  }

  frame(frame: VoiceFrame): void {
    if (this.#gaps.isWithheld || !this.#mayKeep(frame.userId, frame.arrivalMs)) {
      this.datagrams.dropped("not_recording", frame.userId);
      if (carriesSound(frame.opus)) this.#leaveWatch.voice(frame.userId);
      return;
    }
    if (frame.opus.length === 0) {
      this.tracks.skip(frame);
      this.datagrams.dropped("padding_only", frame.userId);
      return;
    }
    const verdict = this.tracks.push(frame);
    this.#options.observer?.frame(frame, this.#atMs());
    if (verdict !== "accepted") {
      this.datagrams.dropped(verdict, frame.userId);
      if (verdict === "excess") this.#warnings.excess(frame.userId);
      return;
    }
    this.datagrams.accepted(frame.userId);
    if (!carriesSound(frame.opus)) return;
    this.#options.newestPackets?.keep(frame.userId, frame.opus);
    this.#leaveWatch.voice(frame.userId);
    if (this.#record.people.hasSpoken(frame.userId)) return;
    this.#options.journal.note({ type: "spoke", userId: frame.userId });
    this.#notePerson("speaks", frame.userId);
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
        const { kind: _, person: participant, ...how } = change;
        if (this.#record.people.isPresent(participant.id)) return;
        this.#noteRoster({ type: "participant.join", atMs, participant, ...how });
        this.#leaveWatch.present(participant);
        return;
      }
      case "leave": {
        const { kind: _, userId: participantId, ...how } = change;
        if (!this.#record.people.isPresent(participantId)) return;
        this.#noteRoster({ type: "participant.leave", atMs, participantId, ...how });
        this.#leaveWatch.left(participantId);
        return;
      }
      case "update": {
        const { person: participant, flags } = change;
        this.#options.journal.event({ type: "participant.update", atMs, participant, flags });
        this.#leaveWatch.present(participant);
      }
    }
  }

  connection(state: ConnectionState): void {
    const before = this.#gaps.connection;
    if (state === "reconnecting" && before !== "reconnecting") this.#reconnects += 1;
    const nowMs = this.#atMs();
    for (const what of ["reconnecting", "unheard"] as const) {
      this.#leaveWatch.setUnknown(what, state === what, nowMs);
    }
    if (before !== "live" && state === "live" && this.#record.openGap?.reason === "reconnect")
      this.tracks.endConnection();
    this.#gaps.connectionIs(state, nowMs);
  }

  rosterKnown(known: boolean): void {
    this.#leaveWatch.setUnknown("gateway_lost", !known);
  }

  /** Stops recording audio and chat; the roster and the counters continue. */
  withhold(reason: "paused" | "stopped"): void {
    this.#options.settle();
    this.#gaps.withhold(reason);
    this.tracks.endConnection();
    this.tracks.closeParts();
    this.#options.newestPackets?.forgetAll();
  }

  /** Resumes recording. */
  resume(): void {
    this.#options.settle();
    this.#gaps.resume();
  }

  /** A person agreed or declined to be recorded. If they declined, their audio that is not written yet is discarded. */
  consent(participant: Person, granted: boolean): void {
    this.#options.journal.event({ type: "consent", atMs: this.#atMs(), participant, granted });
    if (granted) return;
    this.#options.newestPackets?.forget(participant.id);
    const count = this.tracks.takeBackUnwritten(participant.id);
    this.datagrams.takenBack(participant.id, count);
  }

  get consents(): Consents {
    return this.#record.consents;
  }

  /** The bot wrote to the channel. */
  noticePosted(notice: Parameters<ConsentCall["noticePosted"]>[0]): void {
    this.#options.journal.event({ type: "notice", atMs: this.#atMs(), ...notice });
  }

  spoke(): void {
    this.#options.journal.event({ type: "notice_spoken", atMs: this.#atMs() });
  }

  active(): void {
    this.#options.onActivity();
  }

  moved(channel: { readonly id: string; readonly name: string }): void {
    const { id: channelId, name: channelName } = channel;
    this.#options.journal.event({ type: "moved", atMs: this.#atMs(), channelId, channelName });
    this.#options.onMoved(channelId);
  }

  warning(code: string, text: string): void {
    this.#options.journal.event({ type: "warning", atMs: this.#atMs(), code, text });
    this.#options.onWarning(code, text);
  }

  ended(end: CallEnd): void {
    this.#options.onEnded(end);
  }

  /** @returns whether it is recorded */
  chatted(body: ChatEventBody): boolean {
    return this.#chat.add(body);
  }

  /** @returns the note's moment, when it is on the disk */
  async note(note: NoteRequest): Promise<number> {
    return await this.#chat.note(note);
  }

  /**
   * Call ten times a second, or once a second until `onActivity` in quiet.
   *
   * @param intervalMs which of the two
   * @returns the end that an auto-leave rule requires, if any
   */
  tick(intervalMs: number): CallEnd | undefined {
    const nowMs = this.#options.clock.nowMs();
    this.#options.settle();
    this.tracks.poll(nowMs, intervalMs);
    this.#options.journal.flush();
    this.#chat.flush();
    this.#countNotes.tick();
    return this.#leaveWatch.tick();
  }

  figures(): CallFigures {
    return {
      connection: this.#gaps.connection,
      reconnects: this.#reconnects,
      reorderDepth: this.tracks.reorderDepth,
      pageLatency: this.#pageLatency.counts(),
    };
  }

  /** Ids of those who speak now. */
  speaking(): ReadonlySet<string> {
    return this.tracks.speaking(this.#options.clock.nowMs());
  }

  /** The remaining time of each auto-leave rule that currently applies. */
  countdowns(): Countdown[] {
    return this.#leaveWatch.countdowns();
  }

  /** Writes the counters of each speaker whose counters have changed to the journal. */
  noteCounts(): void {
    this.#countNotes.note();
  }

  /** Call at the end of the recording: writes everything held back, and closes the parts. */
  async close(endMs: number): Promise<void> {
    this.#gaps.end(endMs);
    await this.tracks.close();
    this.#countNotes.noteAll();
  }

  #atMs(): number {
    return this.#options.sessionClock.nowMs();
  }

  /** @param arrivalMs on the clock port's scale */
  #mayKeep(userId: string, arrivalMs: number): boolean {
    const { sessionClock } = this.#options;
    return this.consents.mayKeep(userId, samplesToMs(sessionClock.toSamples(arrivalMs)));
  }

  /**
   * The disk refused a speaker's file.
   *
   * @param count packets that are in no file
   */
  notStored({ userId, error }: FailedPart, count: number): void {
    this.datagrams.refused("disk_refused", userId, count);
    this.#warnings.partRefused(userId, error);
  }

  #noteRoster(event: RosterEvent): void {
    this.#options.journal.event(event);
    if (event.type === "participant.join") this.#notePerson("joined", event.participant.id);
    else this.#notePerson("left", event.participantId);
  }

  #notePerson(what: "joined" | "left" | "speaks", id: string): void {
    this.#options.onPerson(what, id, this.#record.people.get(id)?.displayName ?? id);
  }

  #trackListener(): TrackListener {
    const { journal, onPartClosed, onPartFailed } = this.#options;
    const events = trackEvents(journal);
    return {
      ...events,
      partClosed: (part) => {
        events.partClosed(part);
        onPartClosed(part);
      },
      partFailed: onPartFailed,
      partNotBegun: (userId, error) => this.#warnings.partNotBegun(userId, error),
      refused: (userId, fate) => {
        this.datagrams.refused(fate, userId);
        if (fate === "excess") this.#warnings.excess(userId);
      },
      paged: (waitedMs) => this.#pageLatency.observe(waitedMs),
    };
  }
}
