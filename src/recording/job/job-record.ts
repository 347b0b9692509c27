import { noDrops } from "../../audio/fates.ts";
import { samplesToMs } from "../../audio/opus-packet.ts";
import { Consents } from "../../session/consent.ts";
import type { CallEnd } from "../../session/exit.ts";
import type { FileLine, JobLine, JournalLine, PartLine } from "../../session/journal.ts";
import type { Manifest } from "../../session/manifest.ts";
import { Roster } from "../../session/roster.ts";
import type { RosterEvent, SessionEvent } from "../../session/session-events.ts";
import type { EncryptionState } from "../../session/shapes.ts";
import type { SpeakerCounts } from "../call/datagram-counts.ts";
import type { CallPlace } from "../ports/voice.ts";

/** A file other than the audio, complete on the local disk. */
export interface FinishedFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly contentType: string;
  readonly lines?: number | undefined;
  readonly attachment?: FileLine["attachment"];
}

/** The most distinct warnings in the manifest; all are in `events.jsonl`. */
const MAX_WARNINGS = 1_000;
const DAMAGED_TEXT =
  "lines of the job's journal could not be read, as after a loss of power; what the files and the storage hold was put together again, and counters may be outdated";
const NOTHING: SpeakerCounts = { received: 0, written: 0, dropped: noDrops() };

/** A part without the path of its local copy, which may be gone. */
export type RecordedPart = Omit<PartLine, "type">;

/**
 * Everything known about a job, built from the lines of its journal and of `events.jsonl`. The recorder adds each line
 * as it is written, a recovery adds the lines it finds, and both make the same manifest from it.
 */
export class JobRecord {
  readonly people = new Roster();
  readonly consents = new Consents();
  readonly rosterEvents: RosterEvent[] = [];
  readonly gaps: Manifest["gaps"] = [];
  readonly warnings: Manifest["warnings"] = [];
  readonly files = new Map<string, FinishedFile>();
  readonly stored = new Set<string>();
  /** Files that no longer exist anywhere. */
  readonly lost = new Set<string>();
  job: JobLine | undefined;
  recordingStart: { readonly startedAt: Date; readonly place: CallPlace } | undefined;
  encryption: EncryptionState = { daveProtocolVersion: 0, epochs: 0, plaintextPackets: 0 };
  /** The gap that is open now. */
  openGap: { startMs: number; reason: Manifest["gaps"][number]["reason"] } | undefined;
  end: { readonly end: CallEnd; readonly atMs: number } | undefined;
  /** The counts do not match the files: packets that were counted as written have been lost. */
  damaged = false;
  finalized = false;
  delivered = false;
  /** The latest session time in any line. */
  latestMs = 0;
  #movedTo: { readonly id: string; readonly name: string } | undefined;
  #parts: RecordedPart[] = [];
  #lostParts: RecordedPart[] = [];
  readonly #order: string[] = [];
  readonly #talkedUntilMs = new Map<string, number>();
  #datagrams = NOTHING;
  readonly #counts = new Map<string, { datagrams: SpeakerCounts; talkSamples: number }>();

  /**
   * The bot's current or last channel; undefined until the recording has begun. The manifest names the first channel.
   */
  get channel(): { readonly id: string; readonly name: string } | undefined {
    const place = this.recordingStart?.place;
    return this.#movedTo ?? (place && { id: place.channelId, name: place.channelName });
  }

  /** Finished parts, by speaker in the order of their first words, then by number. */
  get parts(): RecordedPart[] {
    const order = this.speakerIds;
    return this.#parts.toSorted((a, b) => order.indexOf(a.userId) - order.indexOf(b.userId) || a.number - b.number);
  }

  /** Speakers who have parts, in the order of their first words. */
  get speakerIds(): string[] {
    const withParts = new Set(this.#parts.map(({ userId }) => userId));
    return [...new Set([...this.#order, ...withParts])].filter((userId) => withParts.has(userId));
  }

  get datagrams(): SpeakerCounts {
    return this.#fitted(this.#datagrams, () => true);
  }

  countsOf(userId: string): SpeakerCounts {
    const counted = this.#counts.get(userId)?.datagrams ?? NOTHING;
    return this.#fitted(counted, (part) => part.userId === userId);
  }

  /** Session time at which the speaker's last logged talkspurt ends; 0 if none is logged. */
  latestTalkMs(userId: string): number {
    return this.#talkedUntilMs.get(userId) ?? 0;
  }

  /** Samples of received sound. After a kill the counters may be outdated, but the parts are not. */
  talkSamples(userId: string): number {
    const counted = this.#counts.get(userId)?.talkSamples ?? 0;
    if (!this.damaged) return counted;
    const inParts = this.#parts.filter((part) => part.userId === userId).map((part) => part.talkSamples);
    const sum = inParts.reduce((total: number, samples) => total + (samples ?? 0), 0);
    return inParts.includes(undefined) ? Math.max(sum, counted) : sum;
  }

  /** A talkspurt that reaches the end of the speaker's last part and is not in a session event yet. */
  openTalkspurt(userId: string): PartLine["openTalkspurt"] {
    const open = this.#parts.findLast((part) => part.userId === userId)?.openTalkspurt;
    return open !== undefined && samplesToMs(open.end) > this.latestTalkMs(userId) ? open : undefined;
  }

  /** Adds a line of the journal. */
  note(line: JournalLine): void {
    switch (line.type) {
      case "job":
        this.job = line;
        this.consents.mode = line.consent;
        return;
      case "recording":
        this.recordingStart = { startedAt: new Date(line.startedAt), place: line.place };
        return;
      case "spoke":
        this.#order.push(line.userId);
        this.people.spoke(line.userId);
        return;
      case "away":
        this.openGap = { startMs: line.atMs, reason: line.reason };
        this.#seen(line.atMs);
        return;
      case "recovered":
        this.damaged = true;
        return;
      case "part":
        // A part that had to be truncated has a second line.
        this.#parts = [...this.#parts.filter(({ file }) => file.name !== line.file.name), line];
        this.damaged ||= line.repaired === true;
        return;
      case "file":
        this.lost.delete(line.file.name);
        this.files.set(line.file.name, { ...line.file, ...line });
        return;
      case "lost":
        this.#lose(line.name);
        this.#warn("file_lost", line.reason);
        return;
      case "damaged":
        this.damaged = true;
        this.#warn("journal_damaged", DAMAGED_TEXT);
        return;
      case "stored":
        this.stored.add(line.name);
        return;
      case "counts":
        this.#datagrams = line.datagrams;
        this.encryption = line.e2ee;
        for (const [userId, counts] of Object.entries(line.speakers)) this.#counts.set(userId, counts);
        this.#seen(line.atMs);
        return;
      case "end": {
        const { atMs, exitReason, detail, failureCode } = line;
        const end = failureCode === undefined ? { exitReason, detail } : { exitReason, detail, failureCode };
        this.end = { end, atMs };
        this.#seen(atMs);
        return;
      }
      case "finalized":
        this.finalized = true;
        return;
      case "delivered":
        this.delivered = true;
    }
  }

  /** Adds a line of `events.jsonl`. */
  see(event: SessionEvent): void {
    this.#seen(event.atMs);
    switch (event.type) {
      case "participant.join":
        this.people.join(event.participant, event.atMs);
        this.rosterEvents.push(event);
        return;
      case "participant.leave":
        this.people.leave(event.participantId, event.atMs);
        this.rosterEvents.push(event);
        return;
      case "participant.update":
        this.people.rename(event.participant);
        return;
      case "gap":
        this.gaps.push({ startMs: event.atMs, endMs: event.endMs, reason: event.reason });
        this.openGap = undefined;
        this.#seen(event.endMs);
        return;
      case "warning":
        this.#warn(event.code, event.text);
        return;
      case "talkspurt":
        this.#talkedUntilMs.set(event.speakerId, event.endMs);
        this.#seen(event.endMs);
        return;
      case "part.close":
        this.#seen(event.endMs);
        return;
      case "consent":
        this.consents.answer(event.participant.id, event.granted, event.atMs);
        return;
      case "notice":
        this.consents.asked ||= event.buttons;
        return;
      case "moved":
        this.#movedTo = { id: event.channelId, name: event.channelName };
        return;
      case "notice_spoken":
      case "state":
      case "anchor":
      case "part.open":
      case "competing_bot":
      case "auto_leave":
    }
  }

  /**
   * The counters of a damaged recording do not match its files. Packets in the files count as written, and packets of
   * lost files as received but lost.
   */
  #fitted(counts: SpeakerCounts, isCounted: (part: RecordedPart) => boolean): SpeakerCounts {
    const lost = receivedIn(this.#lostParts.filter(isCounted));
    if (!this.damaged && lost === 0) return counts;
    const written = this.damaged ? receivedIn(this.#parts.filter(isCounted)) : counts.written - lost;
    const received = counts.received - counts.written + written + lost;
    const dropped = { ...counts.dropped, disk_refused: counts.dropped.disk_refused + lost };
    return { received, written, dropped };
  }

  #lose(name: string): void {
    this.lost.add(name);
    this.files.delete(name);
    // A log that was lost is made again, and has to be stored again.
    this.stored.delete(name);
    this.#lostParts.push(...this.#parts.filter(({ file }) => file.name === name));
    this.#parts = this.#parts.filter(({ file }) => file.name !== name);
  }

  #warn(code: string, text: string): void {
    const isKnown = this.warnings.some((warning) => warning.code === code && warning.text === text);
    if (!isKnown && this.warnings.length < MAX_WARNINGS) this.warnings.push({ code, text });
  }

  #seen(atMs: number): void {
    this.latestMs = Math.max(this.latestMs, atMs);
  }
}

function receivedIn(parts: readonly RecordedPart[]): number {
  return parts.reduce((sum, part) => sum + part.packets.received, 0);
}
