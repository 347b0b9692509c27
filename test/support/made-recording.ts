import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { DROP_FATES } from "../../src/audio/fates.ts";
import { checkOggOpus, type OggPacket } from "../../src/audio/ogg/ogg-check.ts";
import { OggOpusWriter } from "../../src/audio/ogg/ogg-opus.ts";
import { samplesToMs } from "../../src/audio/opus-packet.ts";
import type { ChatEvent } from "../../src/session/chat.ts";
import { partFileName } from "../../src/session/job-files.ts";
import { type Manifest, manifestSchema } from "../../src/session/manifest.ts";
import type { SessionEvent } from "../../src/session/session-events.ts";

const run = promisify(execFile);

type OpusPacket = Pick<OggPacket, "opus" | "durationSamples">;

export interface MadePart {
  readonly startSample: number;
  readonly packets: readonly OpusPacket[];
}

export interface MadeSpeaker {
  readonly name: string;
  readonly parts: readonly MadePart[];
  readonly present?: Manifest["participants"][number]["present"];
}

export interface MadeRecording {
  readonly speakers: readonly MadeSpeaker[];
  readonly durationMs: number;
  readonly channelName?: string;
  readonly chat?: readonly ChatEvent[];
  readonly gaps?: Manifest["gaps"];
  readonly warnings?: Manifest["warnings"];
  /** Changes to the manifest. */
  readonly manifest?: Partial<Manifest>;
}

/** A sine of 20 ms packets, encoded by ffmpeg's libopus. */
export async function tonePackets(frequencyHz: number, seconds: number): Promise<OpusPacket[]> {
  const path = join(await mkdtemp(join(tmpdir(), "meetbot-tone-")), "tone.ogg");
  const source = `sine=frequency=${frequencyHz}:sample_rate=48000:duration=${seconds}`;
  await run("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", source, "-c:a", "libopus", "-b:a", "64k", path]);
  return [...checkOggOpus(await readFile(path)).packets];
}

/** Writes a job's folder as a worker leaves it. */
export async function makeRecording(made: MadeRecording): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "meetbot-made-"));
  await mkdir(directory, { recursive: true });
  const tracks: Manifest["tracks"] = [];
  const events: SessionEvent[] = [];
  for (const [index, { parts }] of made.speakers.entries()) {
    for (const [earlier, { startSample, packets }] of parts.entries()) {
      const [speakerId, part] = [idOf(index), earlier + 1];
      const bytes = oggOf(packets);
      const durationSamples = packets.reduce((sum, packet) => sum + packet.durationSamples, 0);
      await writeFile(join(directory, partFileName(speakerId, part)), bytes);
      const [startOffsetMs, durationMs] = [samplesToMs(startSample), samplesToMs(durationSamples)];
      tracks.push(trackOf({ speakerId, part, bytes, startOffsetMs, durationMs, received: packets.length }));
      events.push({ type: "talkspurt", atMs: startOffsetMs, endMs: startOffsetMs + durationMs, speakerId });
    }
  }
  const lines = (all: readonly object[]) => all.map((line) => `${JSON.stringify(line)}\n`).join("");
  await writeFile(join(directory, "events.jsonl"), lines(events));
  if (made.chat !== undefined) await writeFile(join(directory, "chat.jsonl"), lines(made.chat));
  await writeFile(join(directory, "manifest.json"), JSON.stringify(manifestOf(made, tracks)));
  return directory;
}

function idOf(index: number): string {
  return String(200_000_000_000_000_000n + BigInt(index));
}

function oggOf(packets: readonly OpusPacket[]): Buffer {
  const writer = new OggOpusWriter({ serial: 7, vendor: "test", tags: {} });
  const pages = [writer.begin()];
  for (const { opus, durationSamples } of packets) {
    const page = writer.add(opus, durationSamples);
    if (page !== undefined) pages.push(page);
  }
  const { page, replacesLast } = writer.end();
  if (replacesLast) pages.pop();
  return Buffer.concat([...pages, page]);
}

interface TrackFacts {
  readonly speakerId: string;
  readonly part: number;
  readonly bytes: Buffer;
  readonly startOffsetMs: number;
  readonly durationMs: number;
  readonly received: number;
}

function trackOf({ bytes, received, ...facts }: TrackFacts): Manifest["tracks"][number] {
  const name = partFileName(facts.speakerId, facts.part);
  return {
    ...facts,
    trackId: facts.part === 1 ? facts.speakerId : `${facts.speakerId}-${facts.part}`,
    kind: "per-speaker",
    format: "opus",
    uri: `file:${name}`,
    bytes: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    encoding: { mimeType: "audio/ogg; codecs=opus" },
    packets: { received, lost: 0, late: 0, duplicate: 0, concealed: 0, undecryptable: 0, unattributed: 0 },
  };
}

function manifestOf(made: MadeRecording, tracks: Manifest["tracks"]): Manifest {
  const { speakers, durationMs, chat, gaps = [], warnings = [], channelName = "Meeting" } = made;
  const written = tracks.reduce((sum, track) => sum + track.packets.received, 0);
  const dropped = Object.fromEntries(DROP_FATES.map((fate) => [fate, 0]));
  return manifestSchema.parse({
    schemaVersion: 1,
    platform: "discord",
    jobId: "job_made",
    externalId: null,
    exitReason: "alone_in_room",
    exitDetail: "the last person left",
    failureCode: null,
    consentMode: "none",
    startedAt: "2026-01-01T12:00:00.000Z",
    endedAt: new Date(Date.UTC(2026, 0, 1, 12) + durationMs).toISOString(),
    durationSeconds: durationMs / 1_000,
    guild: { id: "1", name: "Guild" },
    channel: { id: "2", name: channelName },
    textChannelId: chat === undefined ? null : "3",
    speakers: speakers.map(({ name }, index) => ({ id: idOf(index), displayName: name })),
    participants: speakers.map(({ name, present }, index) => ({
      id: idOf(index),
      username: name,
      displayName: name,
      bot: false,
      speakerLabel: String.fromCharCode(65 + index),
      talkTimeMs: tracks.filter(({ speakerId }) => speakerId === idOf(index)).reduce((ms, t) => ms + t.durationMs, 0),
      datagrams: { received: 0, written: 0, dropped },
      consent: "not_asked",
      withheld: [],
      present: present ?? [{ fromMs: 0, toMs: durationMs }],
    })),
    tracks,
    events: [],
    eventsUri: "file:events.jsonl",
    ...(chat === undefined ? {} : { chatUri: "file:chat.jsonl", chatEvents: chat.length }),
    e2ee: { daveProtocolVersion: 1, epochs: 1, plaintextPackets: 0 },
    gaps,
    datagrams: { received: written, written, dropped },
    warnings,
    software: { name: "meetbot-discord", version: "0.0.0" },
    ...made.manifest,
  });
}
