import { parseRtpHeader } from "../../audio/rtp.ts";
import type { CallEvent, CallFixture, TimedRtpPacket } from "../../fixture/call-script.ts";

/** Op 5 uses TCP and audio uses UDP, so without a lead the first packets would often overtake it. */
const SPEAKING_LEAD_MS = 250;
/** The schedule is checked at least this often, and tasks run within about a millisecond of their time. */
const MAX_SLEEP_MS = 20;

/** Receives a played call. */
export interface Stage {
  apply(event: CallEvent): void;
  /** This user is about to speak with this SSRC. May be called more than once. */
  announce(userId: string, ssrc: number): void;
  /** @param index of the packet within the user's. */
  say(userId: string, rtp: Buffer, index: number): void;
}

/** A list of items in time order. */
class Track<Item extends { readonly atMs: number }> {
  readonly #items: readonly Item[];
  #next = 0;

  constructor(items: readonly Item[]) {
    this.#items = items;
  }

  get next(): Item | undefined {
    return this.#items[this.#next];
  }

  /** Index of `next`. */
  get position(): number {
    return this.#next;
  }

  get nextAtMs(): number {
    return this.next?.atMs ?? Number.POSITIVE_INFINITY;
  }

  take(): Item | undefined {
    const item = this.next;
    this.#next += 1;
    return item;
  }
}

interface SpeakerTrack {
  readonly userId: string;
  readonly packets: Track<TimedRtpPacket>;
}

/** Plays a fixture on a monotonic clock. One timer sends everything that is due, so delays never add up. */
export class Player {
  readonly #stage: Stage;
  readonly #events: Track<CallEvent>;
  readonly #speakers: readonly SpeakerTrack[];
  readonly #played = Promise.withResolvers<void>();
  #startedAtMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** Puts people who join at 0 into the channel, before the call is started. */
  constructor(fixture: CallFixture, stage: Stage) {
    this.#stage = stage;
    const isThereAlready = (event: CallEvent) => event.type === "join" && event.atMs === 0;
    this.#events = new Track(fixture.events.filter((event) => !isThereAlready(event)));
    this.#speakers = [...fixture.packets].map(([userId, packets]) => ({ userId, packets: new Track(packets) }));
    for (const event of fixture.events) if (isThereAlready(event)) stage.apply(event);
  }

  get hasStarted(): boolean {
    return this.#startedAtMs !== undefined;
  }

  /** Resolves when the last event and the last packet are over. */
  get played(): Promise<void> {
    return this.#played.promise;
  }

  /** Announces who speaks in the first moments, before they do. */
  prepare(): void {
    this.#announceUntil(SPEAKING_LEAD_MS);
  }

  /** Time 0. */
  start(): void {
    if (this.#startedAtMs !== undefined) return;
    this.#startedAtMs = performance.now();
    this.#tick(this.#startedAtMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #tick(startedAtMs: number): void {
    const nowMs = performance.now() - startedAtMs;
    this.#announceUntil(nowMs + SPEAKING_LEAD_MS);
    this.#playUntil(nowMs);
    const nextAtMs = Math.min(this.#events.nextAtMs, ...this.#speakers.map(({ packets }) => packets.nextAtMs));
    if (nextAtMs === Number.POSITIVE_INFINITY) {
      this.#played.resolve();
      return;
    }
    const sleepMs = Math.min(Math.max(nextAtMs - (performance.now() - startedAtMs), 0), MAX_SLEEP_MS);
    this.#timer = setTimeout(() => this.#tick(startedAtMs), sleepMs);
  }

  #announceUntil(untilMs: number): void {
    for (const { userId, packets } of this.#speakers) {
      const next = packets.next;
      if (next === undefined || next.atMs > untilMs) continue;
      const header = parseRtpHeader(next.rtp);
      if (header) this.#stage.announce(userId, header.ssrc);
    }
  }

  /** In time order; an event comes before a packet of the same millisecond. */
  #playUntil(nowMs: number): void {
    for (;;) {
      const speaker = this.#earliestSpeaker();
      const packetAtMs = speaker?.packets.nextAtMs ?? Number.POSITIVE_INFINITY;
      if (Math.min(this.#events.nextAtMs, packetAtMs) > nowMs) return;
      if (this.#events.nextAtMs <= packetAtMs) {
        const event = this.#events.take();
        if (event) this.#stage.apply(event);
      } else {
        const index = speaker?.packets.position ?? 0;
        const packet = speaker?.packets.take();
        if (speaker && packet) this.#stage.say(speaker.userId, packet.rtp, index);
      }
    }
  }

  #earliestSpeaker(): SpeakerTrack | undefined {
    let earliest: SpeakerTrack | undefined;
    for (const speaker of this.#speakers) {
      if (speaker.packets.nextAtMs < (earliest?.packets.nextAtMs ?? Number.POSITIVE_INFINITY)) earliest = speaker;
    }
    return earliest;
  }
}
