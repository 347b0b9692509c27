import { mkdir, mkdtemp, symlink } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { RecordingFolder } from "../../src/storage/recording-folder.ts";

async function listenAt(path: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  onTestFinished(() => void server.close());
}

describe("a recording's folder that contains something other than a file", () => {
  it.each<[string, (path: string) => Promise<unknown>]>([
    ["a folder", (path) => mkdir(path)],
    ["a link to a device without an end", (path) => symlink("/dev/zero", path)],
    ["a socket", (path) => listenAt(path)],
  ])("refuses %s, read whole or bit by bit", async (_, place) => {
    const directory = await mkdtemp(join(tmpdir(), "meetbot-test-"));
    await place(join(directory, "audio.1.ogg"));
    const folder = await RecordingFolder.open(directory);
    const refusal = `${join(directory, "audio.1.ogg")} is not a file, expected one`;
    await expect(folder.read("audio.1.ogg", 1_000)).rejects.toThrow(refusal);
    const firstPiece = async () => {
      for await (const piece of folder.stream("audio.1.ogg")) return piece;
      return undefined;
    };
    await expect(firstPiece()).rejects.toThrow(refusal);
  });
});
