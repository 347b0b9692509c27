/**
 * The stock recipe, as discord.js' own recorder example and Discord's documentation teach it: each time a user starts
 * to speak, a subscription that ends after 1 s of silence, through prism-media's Ogg muxer into a file of its own.
 * The file's name has the only thing that the recipe knows about its place: the wall time of its first packet.
 */
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { EndBehaviorType, type VoiceReceiver } from "@discordjs/voice";
import { opus } from "prism-media-alpha";
import { joinCall } from "./join.ts";

const { connection, outputDirectory, over, leave } = await joinCall();
const { receiver } = connection;
const recordings = new Set<Promise<void>>();
const reported = new Set<string>();

receiver.speaking.on("start", (userId) => {
  if (receiver.subscriptions.has(userId)) return;
  const recording = record(receiver, userId);
  recordings.add(recording);
  void recording.finally(() => recordings.delete(recording));
});

await over;
// Whoever is still speaking: files end by the recipe's own rule.
await Promise.all(recordings);
await leave();

async function record(voice: VoiceReceiver, userId: string): Promise<void> {
  const opusStream = voice.subscribe(userId, { end: { behavior: EndBehaviorType.AfterSilence, duration: 1_000 } });
  const oggStream = new opus.OggLogicalBitstream({
    opusHead: new opus.OpusHead({ channelCount: 2, sampleRate: 48_000 }),
    pageSizeControl: { maxPackets: 10 },
    // Checksums need node-crc, a native addon that prism-media does not install. Without them the recipe is faster.
    crc: false,
  });
  try {
    await pipeline(opusStream, oggStream, createWriteStream(join(outputDirectory, `${Date.now()}-${userId}.ogg`)));
  } catch (error) {
    // As the example does, but once: the library ends a speaker's stream at each first packet that it cannot open.
    const problem = error instanceof Error ? error.message : String(error);
    if (!reported.has(problem)) process.stderr.write(`recipe: ${problem}\n`);
    reported.add(problem);
  }
}
