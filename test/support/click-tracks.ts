import { execFile } from "node:child_process";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import prism from "prism-media";
import type { RotationOptions } from "../../src/recording/tracks/track.ts";
import { type Manifest, manifestSchema } from "../../src/session/manifest.ts";
import { memoryCall } from "./memory-call.ts";
import { FLAGS, somebody } from "./people.ts";
import { settle } from "./virtual-clock.ts";

const run = promisify(execFile);

/** The delay of libopus: the pre-skip that an encoder's file asks a player to cut off. */
export const ENCODER_DELAY_SAMPLES = 312;
export const PACKET_SAMPLES = 960;

/** Opus packets of 20 ms, silent except for clicks of one sample; a decoder gives each out `ENCODER_DELAY_SAMPLES` later. */
export async function encodeClicks(atSamples: readonly number[], durationMs: number): Promise<Buffer[]> {
  const click = atSamples.map((sample) => `eq(n,${sample})`).join("+");
  return await encodeSound(`aevalsrc='0.8*(${click})':s=48000:d=${durationMs / 1_000}`);
}

/** Opus packets of 20 ms. @param source as ffmpeg's lavfi reads it */
export async function encodeSound(source: string): Promise<Buffer[]> {
  const path = join(await mkdtemp(join(tmpdir(), "meetbot-test-")), "sound.ogg");
  const codec = ["-c:a", "libopus", "-b:a", "128k", "-frame_duration", "20"];
  await run("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", source, ...codec, path]);
  const packets: Buffer[] = [];
  const demuxer = new prism.opus.OggDemuxer();
  demuxer.on("data", (packet: Buffer) => packets.push(Buffer.from(packet)));
  const ogg = await readFile(path);
  await new Promise<void>((resolve, reject) => {
    demuxer.on("end", resolve).on("error", reject).end(ogg);
  });
  return packets;
}

/** Where a mono track clicks: the loudest sample of each 25 ms in which something is loud. */
export function clicksIn(pcm: Buffer): number[] {
  const loud = 8_000;
  const window = 1_200;
  const at = (sample: number): number => Math.abs(pcm.readInt16LE(sample * 2));
  const found: number[] = [];
  const samples = pcm.length / 2;
  for (let sample = 0; sample < samples; sample += 1) {
    if (at(sample) < loud) continue;
    let loudest = sample;
    for (let next = sample; next < Math.min(samples, sample + window); next += 1) {
      if (at(next) > at(loudest)) loudest = next;
    }
    found.push(loudest);
    sample += window;
  }
  return found;
}

export interface Clicker {
  /** Session time of the first packet. */
  readonly fromMs: number;
  readonly packets: readonly Buffer[];
  /** A silence of this length before the packet of this number; the RTP clock continues. */
  readonly pause?: { readonly before: number; readonly ms: number };
  /** Numbers of lost packets. */
  readonly lost?: readonly number[];
}

export interface RecordedClicks {
  readonly files: ReadonlyMap<string, Buffer>;
  readonly manifest: Manifest;
}

/** Records people whose packets arrive at known session times, through the recorder, on a virtual clock. */
export async function recordClicks(clickers: readonly Clicker[], rotation: RotationOptions): Promise<RecordedClicks> {
  const { clock, voice, storage, recorder } = memoryCall({ rotation });
  const result = recorder.run();
  await settle();
  const startMs = clock.nowMs();
  const arrivals = clickers.flatMap(({ fromMs, packets, pause, lost = [] }, speaker) =>
    packets.flatMap((opus, index) => {
      const pausedMs = pause !== undefined && index >= pause.before ? pause.ms : 0;
      const atMs = fromMs + index * 20 + pausedMs;
      return lost.includes(index) ? [] : [{ atMs, index, opus, userId: somebody(speaker + 1).id, speaker }];
    }),
  );
  for (const [speaker] of clickers.entries()) {
    voice.listener?.roster({ kind: "join", person: somebody(speaker + 1), flags: FLAGS });
  }
  for (const { atMs, index, opus, userId, speaker } of arrivals.toSorted((left, right) => left.atMs - right.atMs)) {
    await clock.advance(startMs + atMs - clock.nowMs());
    voice.listener?.frame({
      userId,
      ssrc: 100 + speaker,
      connection: 1,
      sequence: index,
      rtpTimestamp: Math.round(atMs * 48),
      arrivalMs: clock.nowMs(),
      opus,
      durationSamples: PACKET_SAMPLES,
    });
  }
  for (const [speaker] of clickers.entries()) {
    voice.listener?.roster({ kind: "leave", userId: somebody(speaker + 1).id });
  }
  // The auto-leave rules are checked a few times a second.
  await clock.advance(61_000);
  const { exitCode } = await result;
  if (exitCode !== 0) throw new Error(`recording in memory exited ${exitCode}`);
  const manifest = manifestSchema.parse(JSON.parse(storage.files.get("manifest.json")?.toString("utf8") ?? ""));
  return { files: storage.files, manifest };
}
