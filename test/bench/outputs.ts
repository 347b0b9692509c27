import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { manifestSchema } from "../../src/session/manifest.ts";
import { keyOf } from "./load.ts";
import type { OutputFile } from "./metrics.ts";
import { readOggPackets } from "./ogg-packets.ts";

/** The worker's output; its manifest says where each file starts on the session clock. */
export async function readOurs(jobDirectory: string): Promise<OutputFile[]> {
  const manifest = manifestSchema.parse(JSON.parse(await readFile(join(jobDirectory, "manifest.json"), "utf8")));
  return await Promise.all(
    manifest.tracks.map(async ({ speakerId, startOffsetMs, uri }) => {
      const packets = await readPackets(join(jobDirectory, uri.slice(uri.lastIndexOf("/") + 1)));
      return { userId: speakerId, startMs: startOffsetMs, packets };
    }),
  );
}

/** The recipe's output: `<wall time in milliseconds>-<user id>.ogg`. */
export async function readRecipe(directory: string): Promise<OutputFile[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith(".ogg"));
  return await Promise.all(
    names.map(async (name) => {
      const [startMs = "", userId = ""] = name.slice(0, -".ogg".length).split("-");
      return { userId, startMs: Number(startMs), packets: await readPackets(join(directory, name)) };
    }),
  );
}

/** The keys of the packets in the floor's output, each after its length in 16 bits. */
export async function readFloor(directory: string): Promise<Set<string>> {
  const bytes = await readFile(join(directory, "packets.bin"));
  const keys = new Set<string>();
  for (let offset = 0; offset < bytes.length; ) {
    const start = offset + 2;
    offset = start + bytes.readUInt16BE(offset);
    keys.add(keyOf(bytes.subarray(start, offset)));
  }
  return keys;
}

async function readPackets(path: string): Promise<OutputFile["packets"]> {
  const packets = readOggPackets(await readFile(path));
  return packets.map(({ opus, placeSamples }) => ({ key: keyOf(opus), placeSamples }));
}
