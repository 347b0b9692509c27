import { createWriteStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { ZipFile } from "yazl";

/** Packs the files of a folder, without those of folders in it. Sound does not get smaller, so nothing is compressed. */
export async function zipFolder(folder: string, target: string, signal: AbortSignal): Promise<void> {
  const zip = new ZipFile();
  for (const name of (await readdir(folder)).sort()) zip.addFile(join(folder, name), name, { compress: false });
  // Without a change of its options it never emits an error of its own but through this stream.
  zip.on("error", (error: Error) => zip.outputStream.emit("error", error));
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(target, { flags: "wx" }), { signal });
}
