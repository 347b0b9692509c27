/**
 * `npm run bench:decoders`: the cost of a packet in each Opus decoder, in µs of CPU time of the whole process. The
 * sound is the bundled notice, so the figures are for speech. It measures @discordjs/opus if it is installed.
 */
import { readFileSync } from "node:fs";
import { OggOpusStream } from "../../src/audio/ogg/ogg-stream.ts";
import { nativeOpus, openDecoder } from "../../src/opus/decoder.ts";
import type { NativeOpus } from "../../src/opus/native-opus.ts";
import type { PacketDecoder } from "../../src/opus/packet-decoder.ts";
import { median } from "./statistics.ts";

const ROUNDS = 9;
const REPEATS_A_ROUND = 20;
const PACKETS = [...new OggOpusStream().push(readFileSync(new URL("../../config/notice.ogg", import.meta.url)))];
const USES = [
  ["export, stereo, 48 kHz", 2, 48_000],
  ["report and level meter, mono, 8 kHz", 1, 8_000],
] as const;

function microsAPacket(decoder: PacketDecoder): number {
  const before = process.cpuUsage();
  for (let repeat = 0; repeat < REPEATS_A_ROUND; repeat += 1) {
    for (const packet of PACKETS) decoder.decode(packet);
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / REPEATS_A_ROUND / PACKETS.length;
}

const native = nativeOpus();
const choices: NativeOpus[] = native.kind === "loaded" ? [{ kind: "absent" }, native] : [{ kind: "absent" }];
if (native.kind !== "loaded") process.stdout.write(`@discordjs/opus is ${native.kind}, so it is not measured\n`);
for (const [use, channels, sampleRate] of USES) {
  const decoders = await Promise.all(choices.map((choice) => openDecoder(channels, sampleRate, choice)));
  const runs = decoders.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [index, decoder] of decoders.entries()) runs[index]?.push(microsAPacket(decoder));
  }
  for (const decoder of decoders) decoder.free();
  const figures = runs.map((micros, index) => {
    const name = choices[index]?.kind === "loaded" ? "@discordjs/opus" : "WebAssembly";
    return `${name} ${median(micros).toFixed(1)} µs`;
  });
  process.stdout.write(`${use}: ${figures.join(", ")} a packet\n`);
}
