import type { PageGap, PageSpeaker, Span } from "../../page-data.ts";
import { columnsOf, type Wave } from "../columns.ts";
import { element } from "../dom.ts";
import type { View } from "./scale.ts";

/** Height of the bar of talkspurts, height of the flags for joining and leaving, and distance of the hatching. */
const BAR_PIXELS = 4;
const MARK_PIXELS = 9;
const HATCH_PIXELS = 7;

/** The picture of one speaker's lane: presence, declared gaps, talkspurts and waveform. */
export class LaneCanvas {
  readonly canvas: HTMLCanvasElement;
  readonly #speaker: PageSpeaker;
  /** Everyone's gaps, and the withheld times of this speaker. */
  readonly #gaps: readonly Span[];
  readonly #durationMs: number;
  #waves: readonly Wave[] | undefined;

  constructor(speaker: PageSpeaker, gaps: readonly PageGap[], durationMs: number) {
    this.#speaker = speaker;
    this.#gaps = [...gaps.map(({ fromMs, toMs }) => [fromMs, toMs] as const), ...speaker.withheld];
    this.#durationMs = durationMs;
    this.canvas = element("canvas", { role: "img", "aria-label": describe(speaker) });
  }

  draw(view: View): void {
    const { canvas } = this;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    const scale = window.devicePixelRatio;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const pen = canvas.getContext("2d");
    if (pen === null || width === 0) return;
    pen.scale(scale, scale);
    const style = getComputedStyle(canvas);
    const colour = (name: string) => style.getPropertyValue(name);
    const x = (ms: number) => ((ms - view.fromMs) / (view.toMs - view.fromMs)) * width;

    this.#drawAbsence(pen, x, height, colour("--absent"));
    this.#drawGaps(pen, x, height, colour("--gap"));
    this.#drawWaveform(pen, view, width, height, colour("--voice"));
    pen.fillStyle = colour("--voice");
    for (const [fromMs, toMs] of this.#speaker.talkspurts) {
      if (toMs < view.fromMs || fromMs > view.toMs) continue;
      pen.fillRect(x(fromMs), height - BAR_PIXELS, Math.max(1, x(toMs) - x(fromMs)), BAR_PIXELS);
    }
    this.#drawMarks(pen, x, colour("--mark"));
  }

  #drawAbsence(pen: CanvasRenderingContext2D, x: (ms: number) => number, height: number, colour: string): void {
    pen.fillStyle = colour;
    let goneFromMs = 0;
    for (const [fromMs, toMs] of [...this.#speaker.present, [this.#durationMs, this.#durationMs] as const]) {
      if (fromMs > goneFromMs) pen.fillRect(x(goneFromMs), 0, x(fromMs) - x(goneFromMs), height);
      goneFromMs = toMs;
    }
  }

  #drawGaps(pen: CanvasRenderingContext2D, x: (ms: number) => number, height: number, colour: string): void {
    pen.strokeStyle = colour;
    pen.lineWidth = 1.5;
    for (const [fromMs, toMs] of this.#gaps) {
      const [left, width] = [x(fromMs), Math.max(2, x(toMs) - x(fromMs))];
      if (left + width < 0 || left > pen.canvas.clientWidth) continue;
      pen.save();
      pen.beginPath();
      pen.rect(left, 0, width, height);
      pen.clip();
      pen.beginPath();
      const begin = Math.max(left - height, -height - HATCH_PIXELS);
      const end = Math.min(left + width, pen.canvas.clientWidth);
      for (let at = begin; at < end; at += HATCH_PIXELS) {
        pen.moveTo(at, height);
        pen.lineTo(at + height, 0);
      }
      pen.stroke();
      pen.restore();
    }
  }

  #drawWaveform(pen: CanvasRenderingContext2D, view: View, width: number, height: number, colour: string): void {
    this.#waves ??= this.#speaker.waveform.map(({ fromMs, peaks }) => ({
      fromMs,
      peaks: Uint8Array.from(atob(peaks), (byte) => byte.charCodeAt(0)),
    }));
    const [middle, half] = [(height - BAR_PIXELS) / 2, (height - BAR_PIXELS) / 2 - 2];
    pen.fillStyle = colour;
    for (const [column, peak] of columnsOf(this.#waves, view, Math.ceil(width)).entries()) {
      const reach = (peak / 255) * half;
      if (peak > 0) pen.fillRect(column, middle - reach, 1, Math.max(1, 2 * reach));
    }
  }

  /** A flag at the arrival that points forward, and one at the departure that points back. */
  #drawMarks(pen: CanvasRenderingContext2D, x: (ms: number) => number, colour: string): void {
    pen.fillStyle = colour;
    const flag = (at: number, direction: number) => {
      pen.fillRect(at - 0.75, 0, 1.5, pen.canvas.clientHeight);
      pen.beginPath();
      pen.moveTo(at, 0);
      pen.lineTo(at + direction * MARK_PIXELS, MARK_PIXELS / 2);
      pen.lineTo(at, MARK_PIXELS);
      pen.fill();
    };
    for (const [fromMs, toMs] of this.#speaker.present) {
      if (fromMs > 0) flag(x(fromMs), 1);
      if (toMs < this.#durationMs) flag(x(toMs), -1);
    }
  }
}

function describe({ name, talkspurts, present }: PageSpeaker): string {
  const times = (n: number) => (n === 1 ? "once" : `${n} times`);
  return `${name}: spoke ${times(talkspurts.length)}, was here ${times(present.length)}`;
}
