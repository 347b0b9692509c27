import type { CallFixture } from "../../fixture/call-script.ts";
import { counted } from "../../text/counted.ts";
import { printable } from "../../text/safe-text.ts";

/** How often the line on a terminal is updated, and how often a new line is written elsewhere. */
const TERMINAL_INTERVAL_MS = 500;
const LINE_INTERVAL_MS = 10_000;

/** Shows how far a fixture has been played. */
export class PlayProgress {
  readonly #total: number;
  readonly #sent: ReadonlyMap<string, number>;
  readonly #output: NodeJS.WriteStream;
  readonly #timer: NodeJS.Timeout;

  constructor(fixture: CallFixture, sent: ReadonlyMap<string, number>, output: NodeJS.WriteStream) {
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
    if (this.#output.isTTY) this.#output.write("\r\x1b[K");
  }

  #show(): void {
    const sent = [...this.#sent.values()].reduce((sum, count) => sum + count, 0);
    const text = `${sent} of ${counted(this.#total, "packet")} played, by ${counted(this.#sent.size, "speaker")}`;
    this.#output.write(this.#output.isTTY ? `\r\x1b[K${text}` : `${text}\n`);
  }
}
