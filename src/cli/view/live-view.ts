import { Writable } from "node:stream";
import { messageOf } from "../../errors.ts";
import type { SpeakerCounts } from "../../recording/call/datagram-counts.ts";
import { shownText } from "./charset.ts";
import type { LevelMeter } from "./level-meter.ts";
import { renderLive, type ShownStatus } from "./live-lines.ts";
import { PushedOff, rowsOf } from "./pushed-off.ts";
import { columnsOf } from "./text-width.ts";

const INTERVAL_MS = 250;
/** A speaker sends a packet every 20 ms. A late one must not make the mark flicker. */
const SPEAKS_FOR_DRAWS = 2;
/** A person who pauses for breath still counts as a speaker for 5 s. */
const RECENT_FOR_DRAWS = 20;

/** The terminal cuts lines at the last column instead of wrapping them, because the width of a name is not certain (DECAWM). */
const WRAP_OFF = "\x1b[?7l";
const WRAP_ON = "\x1b[?7h";

/** The size for a terminal that reports 0. */
const UNKNOWN_SIZE = { columns: 80, rows: 24 };

/** A terminal to draw on, standard error in the worker. */
export type Screen = NodeJS.WritableStream & { readonly columns?: number; readonly rows?: number };
export type LiveStatus = ShownStatus & { readonly speakers: ReadonlyMap<string, SpeakerCounts> };

/**
 * Lines about the job at the bottom of a terminal, updated in place. The log goes through `log`, and scrolls above
 * them. Each write leaves the terminal's modes unchanged, so nothing must be restored after a crash.
 */
export class LiveView {
  /** For the log's lines. */
  readonly log: Writable & { readonly isTTY: true };
  readonly #screen: Screen;
  readonly #meter: Pick<LevelMeter, "open" | "read">;
  readonly #heard = new Map<string, { received: number; draw: number }>();
  #status: (() => LiveStatus) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lines: readonly string[] = [];
  #draws = 0;
  readonly #pushedOff = new PushedOff();

  /** @param meter measures how loud people are, once it is open */
  constructor(screen: Screen, meter: Pick<LevelMeter, "open" | "read">) {
    this.#screen = screen;
    this.#meter = meter;
    const write = (chunk: Buffer | string, _: BufferEncoding, done: () => void): void => {
      this.#replace(this.#lines, String(chunk));
      done();
    };
    this.log = Object.assign(new Writable({ decodeStrings: false, write }), { isTTY: true as const });
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
    const lines = renderLive(status, heard, { columns: this.#columns, rows: this.#rows }).map(shownText);
    if (lines.join("\n") !== this.#lines.join("\n")) this.#replace(lines);
  }

  /** Removes the lines from the screen. Idempotent. */
  stop(): void {
    clearInterval(this.#timer);
    this.#status = undefined;
    if (this.#lines.length > 0) this.#replace([]);
  }

  #replace(lines: readonly string[], above = ""): void {
    const { columns, rows } = { columns: this.#columns, rows: this.#rows };
    // Some terminals wrap lines that were drawn when the window was wider.
    const widths = this.#lines.map(columnsOf);
    const drawnRows = sum(widths.map((width) => rowsOf(width, columns)));
    this.#pushedOff.pushed(firstOf(widths, drawnRows - rows, columns));
    // Without the view it is not known how many rows are above the cursor.
    const back = this.#pushedOff.takeVisible(drawnRows === 0 ? 0 : rows - drawnRows, columns);
    const takenOff = drawnRows + back.rows;
    const erase = takenOff === 0 ? "" : erased(takenOff);
    if (above !== "") this.#pushedOff.logged(above);
    const drawn = lines.length === 0 ? "" : `${WRAP_OFF}${lines.map((line) => `${line}\n`).join("")}${WRAP_ON}`;
    this.#lines = lines;
    this.#screen.write(`${erase}${back.log}${above}${drawn}`);
  }

  /** Rows of the window, without the row of the cursor. */
  get #rows(): number {
    return Math.max(1, (this.#screen.rows || UNKNOWN_SIZE.rows) - 1);
  }

  get #columns(): number {
    return this.#screen.columns || UNKNOWN_SIZE.columns;
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

/** The first of these lines that together take at least this many rows. */
function firstOf(widths: readonly number[], rows: number, columns: number): readonly number[] {
  let taken = 0;
  const count = widths.findIndex((width) => {
    if (taken >= rows) return true;
    taken += rowsOf(width, columns);
    return false;
  });
  return count === -1 ? widths : widths.slice(0, count);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

/**
 * Erases rows above the cursor and moves the cursor to the first of them. It goes row by row (ECMA-48 EL), because some
 * terminals, such as tmux, move the lines into the scrollback if everything below the first row is erased at once (ED).
 */
function erased(rows: number): string {
  return `\x1b[${rows}A\r${"\x1b[2K\x1b[B".repeat(rows)}\x1b[2K\x1b[${rows}A`;
}
