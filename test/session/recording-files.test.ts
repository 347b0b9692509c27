import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Manifest } from "../../src/session/manifest.ts";
import { parseManifest, readManifest, readManifestFile } from "../../src/session/recording-files.ts";

const EXAMPLE = readFileSync(new URL("../../docs/reference/examples/manifest.json", import.meta.url));
const manifest = JSON.parse(EXAMPLE.toString("utf8")) as Manifest;
const parsed = (changes: object) => parseManifest(Buffer.from(JSON.stringify({ ...manifest, ...changes })));
const [track] = manifest.tracks;

describe("a manifest", () => {
  it("is read with its bytes", async () => {
    const asked: unknown[] = [];
    const read = async (...args: unknown[]) => {
      asked.push(args);
      return EXAMPLE;
    };
    expect(await readManifestFile({ read })).toEqual({ manifest: await readManifest({ read }), bytes: EXAMPLE });
    expect(asked[0]).toEqual(["manifest.json", 64_000_000]);
  });

  it("that is missing is asked for in one sentence", async () => {
    const sentence =
      "manifest.json: missing; the job is not finished: let its worker end, or recover it from its spool";
    await expect(readManifest({ read: async () => undefined })).rejects.toThrow(sentence);
  });

  it("that is damaged is named", async () => {
    const files = { read: async () => Buffer.from("{") };
    await expect(readManifest(files)).rejects.toThrow(/^manifest\.json: .*JSON/);
  });

  it("names up to three problems, and counts the others", () => {
    expect(parsed({ jobId: 5 })).toMatch(/^not a manifest of version 1, or damaged \(jobId: [^;]+\)$/);
    const wrong = { jobId: 5, externalId: 5, startedAt: 5 };
    expect(parsed(wrong)).toMatch(
      /^not a manifest of version 1, or damaged \(jobId: [^;]+; externalId: [^;]+; startedAt: [^;]+\)$/,
    );
    expect(parsed({ ...wrong, endedAt: 5, guild: 5 })).toMatch(/; and at least 2 more\)$/);
    expect(parseManifest(Buffer.from("5"))).toContain("(the file: ");
    expect(parsed({ guild: { id: 5, name: "x" } })).toContain("guild.id: ");
  });

  it("that names a file twice is refused", () => {
    expect(parsed({ tracks: [track, track] })).toBe(
      `names audio.${track?.speakerId}.ogg twice; it is damaged, or somebody has changed it`,
    );
    const attachment = {
      ...{ attachmentId: "5", messageId: "6", filename: "a.png", contentType: null, uri: "file:///a.png", bytes: 1 },
      sha256: "0".repeat(64),
    };
    expect(parsed({ attachments: [attachment, attachment] })).toContain("names attachments/5-a.png twice");
    expect(parsed({ attachments: [attachment] })).toMatchObject({ attachments: [{ attachmentId: "5" }] });
  });
});
