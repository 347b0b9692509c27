import type { CallFixture } from "../../fixture/call-script.ts";
import { counted } from "../../text/counted.ts";
import { printable } from "../../text/safe-text.ts";
import { clearRow, type StatusOutput, showRow } from "./status-row.ts";

/** How often the row of a terminal is updated, and how often a new line is written elsewhere. */
const TERMINAL_INTERVAL_MS = 500;
const LINE_INTERVAL_MS = 10_000;

/** Shows how far a fixture has been played. */
export class PlayProgress {
  readonly #total: number;
  readonly #sent: ReadonlyMap<string, number>;
  readonly #output: StatusOutput;
  readonly #timer: NodeJS.Timeout;

  constructor(fixture: CallFixture, sent: ReadonlyMap<string, number>, output: StatusOutput) {
    this.#total = [...fixture.packets.values()].reduce((sum, packets) => sum + packets.length, 0);
    this.#sent = sent;
    this.#output = output;
    const seconds = Math.ceil((fixture.events.at(-1)?.atMs ?? 0) / 1_000);
    const { channel, guild } = fixture.header;
    output.write(`playing "${printable(channel.name)}" from ${printable(guild.name)}: ${seconds} s, in real time\n`);
    this.#timer = setInterval(() => this.#show(), output.isTTY ? TERMINAL_INTERVAL_MS : LINE_INTERVAL_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    if (this.#output.isTTY === true) clearRow(this.#output);
  }

  #show(): void {
    const sent = [...this.#sent.values()].reduce((sum, count) => sum + count, 0);
    const short = `${sent} of ${counted(this.#total, "packet")} played`;
    const text = `${short}, by ${counted(this.#sent.size, "speaker")}`;
    if (this.#output.isTTY === true) showRow(this.#output, text, short);
    else this.#output.write(`${text}\n`);
  }
}
