import type { PageData } from "../../page-data.ts";
import { ClipIndex } from "./clip-index.ts";
import { SAMPLE_RATE } from "./clip-source.ts";
import { FADE_SECONDS, Sound } from "./sound.ts";

/** How far in advance a clip is decoded and scheduled. */
const AHEAD_SECONDS = 6;
/** How much must be decoded before playback starts. */
const FIRST_SECONDS = 1;
const TICK_MS = 200;
/** The delay between scheduling a sound and its start. */
const START_SECONDS = 0.05;

export type PlayerState = "paused" | "loading" | "playing";

interface Run {
  readonly fromSample: number;
  /** The seconds of the call that are played per second. */
  readonly speed: number;
  readonly sources: Set<AudioBufferSourceNode>;
  /** The context's time at which `fromSample` is heard. */
  anchorSeconds: number;
  /** The first clip that is not scheduled yet. */
  next: number;
}

/**
 * Plays all speakers together. Every clip is scheduled to the sample on the clock of the audio hardware, so nothing can
 * drift apart. A clip that is decoded late starts in the middle.
 */
export class Player {
  readonly #data: PageData;
  readonly #endSample: number;
  readonly #clips: ClipIndex;
  readonly #onChange: () => void;
  readonly #audible: boolean[];
  #sound: Sound | undefined;
  #run: Run | undefined;
  #timer: number | undefined;
  #state: PlayerState = "paused";
  #pausedAtSample = 0;
  #speed = 1;
  #volume = 1;
  readonly #undecodable = new Set<number>();
  /** Jumps over moments in which nobody is heard. */
  skipsSilence = false;

  /** @param onChange called when the state changes, and after seeking */
  constructor(data: PageData, onChange: () => void) {
    this.#data = data;
    this.#endSample = Math.round((data.durationMs / 1_000) * SAMPLE_RATE);
    this.#clips = new ClipIndex(data.clips);
    this.#onChange = onChange;
    this.#audible = data.speakers.map(() => true);
  }

  get state(): PlayerState {
    return this.#state;
  }

  /** Clips that the browser could not decode. */
  get undecodable(): number {
    return this.#undecodable.size;
  }

  get positionMs(): number {
    return Math.min(this.#data.durationMs, (1_000 * this.#positionSample()) / SAMPLE_RATE);
  }

  get speed(): number {
    return this.#speed;
  }

  set speed(speed: number) {
    this.#speed = speed;
    this.seek(this.positionMs);
  }

  /** 0 to 1 */
  set volume(volume: number) {
    this.#volume = volume;
    this.#sound?.setGains(this.#gains());
  }

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

  /** Moves to this position, and keeps playing if it is playing. */
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
    this.#sound?.setGains(this.#gains());
  }

  #gains(): number[] {
    return this.#audible.map((audible) => (audible ? this.#volume : 0));
  }

  #positionSample(): number {
    if (this.#run === undefined || this.#sound === undefined || this.#state !== "playing") return this.#pausedAtSample;
    const elapsed = Math.max(0, this.#sound.context.currentTime - this.#run.anchorSeconds);
    return Math.round(this.#run.fromSample + elapsed * SAMPLE_RATE * this.#run.speed);
  }

  async #start(fromSample: number): Promise<void> {
    const sound = this.#open();
    const next = this.#clips.firstAt(fromSample);
    const run: Run = { fromSample, speed: this.#speed, sources: new Set(), anchorSeconds: 0, next };
    this.#run = run;
    this.#pausedAtSample = fromSample;
    this.#change("loading");
    await Promise.all([
      sound.context.resume(),
      ...this.#clips
        .soundingBetween(next, fromSample, fromSample + samplesIn(run, FIRST_SECONDS))
        .map((n) => this.#get(n)),
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
    if (position >= this.#endSample) {
      this.#stop();
      this.#pausedAtSample = this.#endSample;
      this.#change("paused");
      return;
    }
    const skipTo = this.skipsSilence ? this.#clips.afterSilence(position, this.#endSample, this.#audible) : undefined;
    if (skipTo !== undefined) {
      this.seek((1_000 * skipTo) / SAMPLE_RATE);
      return;
    }
    const untilSample = position + samplesIn(run, AHEAD_SECONDS);
    for (const index of this.#clips.soundingBetween(run.next, run.fromSample, untilSample)) {
      run.next = index + 1;
      void this.#schedule(run, index);
    }
  }

  async #schedule(run: Run, index: number): Promise<void> {
    const decoded = await this.#get(index);
    if (decoded === undefined || this.#run !== run) return;
    const [speaker = -1, startSample = 0, samples = 0] = this.#data.clips[index] ?? [];
    const sound = this.#open();
    const { speed, anchorSeconds } = run;
    const samplesPerSecond = samplesIn(run, 1);
    const dueSeconds = anchorSeconds + (startSample - run.fromSample) / samplesPerSecond;
    const earliestSeconds = Math.max(anchorSeconds, sound.context.currentTime + FADE_SECONDS);
    const fromSample = Math.max(0, Math.ceil((earliestSeconds - dueSeconds) * samplesPerSecond - 0.001));
    if (fromSample >= samples) return;
    const atSeconds = dueSeconds + fromSample / samplesPerSecond;
    const source = sound.play(decoded, { speaker, fromSample, samples, speed, atSeconds });
    if (source === undefined) return;
    run.sources.add(source);
    source.addEventListener("ended", () => run.sources.delete(source));
  }

  /** Undefined if the browser cannot decode it; the others continue. */
  async #get(index: number) {
    try {
      return await this.#open().clips.get(index);
    } catch {
      this.#undecodable.add(index);
      this.#onChange();
      return undefined;
    }
  }

  /** Browsers require a click or a key before playing sound, so it is created then. */
  #open(): Sound {
    this.#sound ??= new Sound(this.#data, this.#gains());
    return this.#sound;
  }

  #change(state: PlayerState): void {
    this.#state = state;
    this.#onChange();
  }
}

/** The samples of the call that are played in this many seconds. */
function samplesIn({ speed }: Run, seconds: number): number {
  return seconds * SAMPLE_RATE * speed;
}

/** Sounds that begin between two samples would be interpolated. */
function wholeFrames(seconds: number): number {
  return Math.ceil(seconds * SAMPLE_RATE) / SAMPLE_RATE;
}
