import type { Writable } from "node:stream";
import { messageOf } from "../../errors.ts";
import type { SpeakerCounts } from "../../recording/call/datagram-counts.ts";
import type { LevelMeter } from "./level-meter.ts";
import { renderLive, type ShownStatus } from "./live-lines.ts";
import { LiveScreen, type Screen } from "./live-screen.ts";

const INTERVAL_MS = 250;
/** A speaker sends a packet every 20 ms. A late one must not make the mark flicker. */
const SPEAKS_FOR_DRAWS = 2;
/** A person who pauses for breath still counts as a speaker for 5 s. */
const RECENT_FOR_DRAWS = 20;

export type LiveStatus = ShownStatus & { readonly speakers: ReadonlyMap<string, SpeakerCounts> };

/** What the worker knows about its job, at the bottom of its terminal. */
export class LiveView {
  readonly #screen: LiveScreen;
  readonly #meter: Pick<LevelMeter, "open" | "read">;
  readonly #heard = new Map<string, { received: number; draw: number }>();
  #status: (() => LiveStatus) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #draws = 0;

  /** @param meter measures how loud people are, once it is open */
  constructor(screen: Screen, meter: Pick<LevelMeter, "open" | "read">) {
    this.#screen = new LiveScreen(screen);
    this.#meter = meter;
  }

  /** For the log's lines. */
  get log(): Writable & { readonly isTTY: true } {
    return this.#screen.log;
  }

  start(status: () => LiveStatus): void {
    this.#status = status;
    this.#openMeter();
    this.#timer = setInterval(() => this.draw(), INTERVAL_MS);
    this.#timer.unref();
    this.draw();
  }

  draw(): void {
    const status = this.#status?.();
    if (status === undefined) return;
    this.#listen(status);
    const heard = {
      speaking: this.#heardIn(SPEAKS_FOR_DRAWS),
      recent: this.#heardIn(RECENT_FOR_DRAWS),
      levels: this.#meter.read(),
    };
    this.#screen.show(renderLive(status, heard, this.#screen.size));
  }

  /** Removes the lines from the screen. Idempotent. */
  stop(): void {
    clearInterval(this.#timer);
    this.#status = undefined;
    this.#screen.show([]);
  }

  #openMeter(): void {
    this.#meter.open().catch((error: unknown) => {
      this.log.write(`the view cannot show how loud people are; the recording continues: ${messageOf(error)}\n`);
    });
  }

  /** Notes who sent packets since the last draw. Packets that must not be recorded do not count. */
  #listen({ speakers }: LiveStatus): void {
    this.#draws += 1;
    for (const [userId, counts] of speakers) {
      const received = counts.received - counts.dropped.not_recording;
      if (this.#heard.get(userId)?.received !== received) this.#heard.set(userId, { received, draw: this.#draws });
    }
  }

  /** User ids of people who sent packets within this many redraws. */
  #heardIn(draws: number): ReadonlySet<string> {
    const since = this.#draws - draws;
    return new Set([...this.#heard].filter(([, { draw }]) => draw > since).map(([userId]) => userId));
  }
}
