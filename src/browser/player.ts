import type { PageData } from "../page/page-data.ts";
import { PieceSource, SAMPLE_RATE } from "./piece-source.ts";

/** Sound is decoded and put into its place so long before it is heard. */
const AHEAD_SAMPLES = 6 * SAMPLE_RATE;
/** What has to be decoded before anything is heard. */
const FIRST_SAMPLES = SAMPLE_RATE;
const TICK_MS = 200;
/** Between asking for a sound and its beginning. */
const START_SECONDS = 0.05;
/** Fading in and out this fast does not click. */
const FADE_SECONDS = 0.01;

export type PlayerState = "paused" | "loading" | "playing";

interface Run {
  readonly fromSample: number;
  readonly sources: Set<AudioBufferSourceNode>;
  /** The context's time at which `fromSample` is heard. */
  anchorSeconds: number;
  /** The first piece that is not under way yet. */
  next: number;
}

interface Sound {
  readonly context: AudioContext;
  readonly pieces: PieceSource;
  /** One for each speaker. */
  readonly volumes: readonly GainNode[];
}

/**
 * Plays all speakers together. Every piece is put at its place on one clock, that of the audio hardware, to the
 * sample, so that nothing can drift apart; a piece that is decoded late begins in its middle.
 */
export class Player {
  readonly #data: PageData;
  readonly #longestPiece: number;
  readonly #onChange: () => void;
  readonly #audible: boolean[];
  #sound: Sound | undefined;
  #run: Run | undefined;
  #timer: number | undefined;
  #state: PlayerState = "paused";
  #pausedAtSample = 0;
  readonly #undecodable = new Set<number>();

  /** @param onChange told when the state changes, and when somebody seeks */
  constructor(data: PageData, onChange: () => void) {
    this.#data = data;
    this.#longestPiece = data.pieces.reduce((longest, [, , samples]) => Math.max(longest, samples), 0);
    this.#onChange = onChange;
    this.#audible = data.speakers.map(() => true);
  }

  get state(): PlayerState {
    return this.#state;
  }

  /** Pieces that the browser could not decode. */
  get undecodable(): number {
    return this.#undecodable.size;
  }

  get positionMs(): number {
    return (this.#positionSample() / SAMPLE_RATE) * 1_000;
  }

  /** From the start where the end is reached. */
  play(): void {
    if (this.#state !== "paused") return;
    if (this.positionMs >= this.#data.durationMs) this.#pausedAtSample = 0;
    void this.#start(this.#pausedAtSample);
  }

  pause(): void {
    this.#pausedAtSample = this.#positionSample();
    this.#stop();
    this.#change("paused");
  }

  toggle(): void {
    if (this.#state === "paused") this.play();
    else this.pause();
  }

  /** Goes on playing from there where it plays. */
  seek(toMs: number): void {
    const sample = Math.round((Math.min(Math.max(0, toMs), this.#data.durationMs) / 1_000) * SAMPLE_RATE);
    const wasPlaying = this.#state !== "paused";
    this.#stop();
    this.#pausedAtSample = sample;
    if (wasPlaying) void this.#start(sample);
    else this.#onChange();
  }

  setAudible(speaker: number, audible: boolean): void {
    this.#audible[speaker] = audible;
    const sound = this.#sound;
    sound?.volumes[speaker]?.gain.setTargetAtTime(audible ? 1 : 0, sound.context.currentTime, FADE_SECONDS);
  }

  #positionSample(): number {
    if (this.#run === undefined || this.#sound === undefined || this.#state !== "playing") return this.#pausedAtSample;
    const elapsed = Math.max(0, this.#sound.context.currentTime - this.#run.anchorSeconds);
    return Math.round(this.#run.fromSample + elapsed * SAMPLE_RATE);
  }

  async #start(fromSample: number): Promise<void> {
    const sound = this.#open();
    const next = this.#firstPieceAt(fromSample);
    const run: Run = { fromSample, sources: new Set(), anchorSeconds: 0, next };
    this.#run = run;
    this.#pausedAtSample = fromSample;
    this.#change("loading");
    await Promise.all([
      sound.context.resume(),
      ...this.#piecesUntil(next, fromSample + FIRST_SAMPLES).map((n) => this.#get(n)),
    ]);
    if (this.#run !== run) return;
    run.anchorSeconds = wholeFrames(sound.context.currentTime + START_SECONDS);
    this.#change("playing");
    this.#timer = window.setInterval(() => this.#tick(), TICK_MS);
    this.#tick();
  }

  #stop(): void {
    window.clearInterval(this.#timer);
    for (const source of this.#run?.sources ?? []) source.stop();
    this.#run = undefined;
  }

  #tick(): void {
    const run = this.#run;
    if (run === undefined) return;
    const position = this.#positionSample();
    if (position >= (this.#data.durationMs / 1_000) * SAMPLE_RATE) {
      this.#stop();
      this.#pausedAtSample = Math.round((this.#data.durationMs / 1_000) * SAMPLE_RATE);
      this.#change("paused");
      return;
    }
    for (const index of this.#piecesUntil(run.next, position + AHEAD_SAMPLES)) {
      run.next = index + 1;
      void this.#schedule(run, index);
    }
  }

  async #schedule(run: Run, index: number): Promise<void> {
    const decoded = await this.#get(index);
    const [speaker, startSample, samples] = this.#data.pieces[index] ?? [0, 0, 0];
    const { context, volumes } = this.#open();
    const volume = volumes[speaker];
    if (decoded === undefined || volume === undefined || this.#run !== run) return;
    const dueSeconds = run.anchorSeconds + (startSample - run.fromSample) / SAMPLE_RATE;
    const earliestSeconds = Math.max(run.anchorSeconds, context.currentTime + FADE_SECONDS);
    const missedSamples = Math.max(0, Math.ceil((earliestSeconds - dueSeconds) * SAMPLE_RATE - 0.001));
    if (missedSamples >= samples) return;

    const source = new AudioBufferSourceNode(context, { buffer: decoded.buffer });
    source.connect(volume);
    run.sources.add(source);
    source.addEventListener("ended", () => {
      run.sources.delete(source);
      source.disconnect();
    });
    source.start(
      dueSeconds + missedSamples / SAMPLE_RATE,
      (decoded.leadSamples + missedSamples) / SAMPLE_RATE,
      (samples - missedSamples) / SAMPLE_RATE,
    );
  }

  /** Undefined where the browser cannot decode it: the others go on. */
  async #get(index: number) {
    try {
      return await this.#open().pieces.get(index);
    } catch {
      this.#undecodable.add(index);
      this.#onChange();
      return undefined;
    }
  }

  /** Browsers want a click or a key before there is any sound, so it is made then. */
  #open(): Sound {
    if (this.#sound !== undefined) return this.#sound;
    const context = new AudioContext({ sampleRate: SAMPLE_RATE });
    const volumes = this.#audible.map((audible) => {
      const volume = new GainNode(context, { gain: audible ? 1 : 0 });
      volume.connect(context.destination);
      return volume;
    });
    this.#sound = { context, volumes, pieces: new PieceSource(this.#data, context) };
    return this.#sound;
  }

  /** The first piece that may still sound at `sample`: pieces stand in the order of their starts. */
  #firstPieceAt(sample: number): number {
    const { pieces } = this.#data;
    let [low, high] = [0, pieces.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((pieces[middle]?.[1] ?? 0) < sample - this.#longestPiece) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Those from `first` on that begin before `untilSample` and are not over before the run begins. */
  #piecesUntil(first: number, untilSample: number): number[] {
    const { pieces } = this.#data;
    const found: number[] = [];
    for (let index = first; index < pieces.length && (pieces[index]?.[1] ?? 0) < untilSample; index += 1) {
      const [, startSample, samples] = pieces[index] ?? [0, 0, 0];
      if (startSample + samples > (this.#run?.fromSample ?? 0)) found.push(index);
    }
    return found;
  }

  #change(state: PlayerState): void {
    this.#state = state;
    this.#onChange();
  }
}

/** Sounds that begin between two samples would be interpolated. */
function wholeFrames(seconds: number): number {
  return Math.ceil(seconds * SAMPLE_RATE) / SAMPLE_RATE;
}
