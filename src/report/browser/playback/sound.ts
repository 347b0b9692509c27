import type { PageData } from "../../page-data.ts";
import { ClipSource, type DecodedClip, SAMPLE_RATE } from "./clip-source.ts";
import { stretched } from "./stretch.ts";

/** Fading in and out this fast does not click. */
export const FADE_SECONDS = 0.01;

/** The browser's audio: one clock, one volume for each speaker, and the decoded sound. */
export class Sound {
  readonly context = new AudioContext({ sampleRate: SAMPLE_RATE });
  readonly clips: ClipSource;
  readonly #volumes: readonly GainNode[];

  /** @param gains one for each speaker */
  constructor(data: PageData, gains: readonly number[]) {
    this.clips = new ClipSource(data, this.context);
    this.#volumes = gains.map((gain) => {
      const volume = new GainNode(this.context, { gain });
      volume.connect(this.context.destination);
      return volume;
    });
  }

  setGains(gains: readonly number[]): void {
    for (const [speaker, volume] of this.#volumes.entries()) {
      volume.gain.setTargetAtTime(gains[speaker] ?? 0, this.context.currentTime, FADE_SECONDS);
    }
  }

  /**
   * Plays a clip.
   *
   * @param fromSample the first of the clip's own samples to play
   * @returns undefined if the clip has no speaker
   */
  play(decoded: DecodedClip, { speaker, fromSample, samples, speed, atSeconds }: Playing) {
    const volume = this.#volumes[speaker];
    if (volume === undefined) return undefined;
    const first = decoded.leadSamples + fromSample;
    const whole = speed === 1;
    const buffer = whole ? decoded.buffer : this.#atSpeed(decoded.buffer, first, samples - fromSample, speed);
    const source = new AudioBufferSourceNode(this.context, { buffer });
    source.connect(volume);
    source.addEventListener("ended", () => source.disconnect());
    if (whole) source.start(atSeconds, first / SAMPLE_RATE, (samples - fromSample) / SAMPLE_RATE);
    else source.start(atSeconds);
    return source;
  }

  #atSpeed(buffer: AudioBuffer, first: number, samples: number, speed: number): AudioBuffer {
    const { numberOfChannels } = buffer;
    const channels = Array.from({ length: numberOfChannels }, (_, channel) =>
      buffer.getChannelData(channel).subarray(first, first + samples),
    );
    const made = stretched(channels, speed);
    const length = Math.max(1, made[0]?.length ?? 0);
    const target = new AudioBuffer({ length, numberOfChannels, sampleRate: SAMPLE_RATE });
    for (const [channel, data] of made.entries()) target.copyToChannel(data, channel);
    return target;
  }
}

interface Playing {
  readonly speaker: number;
  readonly fromSample: number;
  /** The length of the whole clip. */
  readonly samples: number;
  readonly speed: number;
  /** The context's time. */
  readonly atSeconds: number;
}
