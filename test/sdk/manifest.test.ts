import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { MeetbotInputError, readManifest } from "../../src/sdk/index.ts";

const EXAMPLE = "docs/reference/examples/manifest.json";

describe("reading a manifest", () => {
  const text = readFileSync(EXAMPLE, "utf8");

  test.each<[string, string | Uint8Array | object]>([
    ["text", text],
    ["bytes", new TextEncoder().encode(text)],
    ["an object", JSON.parse(text)],
  ])("takes %s", (_name, source) => {
    const manifest = readManifest(source);
    const [track] = manifest.tracks;
    expect(manifest.participants.map(({ id }) => id)).toContain(track?.speakerId);
  });

  test.each<[string, object | string]>([
    ["manifest", "no JSON"],
    ["manifest", "null"],
    ["manifest.schemaVersion", { ...JSON.parse(text), schemaVersion: 2 }],
    ["manifest.platform", { ...JSON.parse(text), platform: "zoom" }],
    ["manifest.jobId", { ...JSON.parse(text), jobId: 1 }],
    ["manifest.tracks", { ...JSON.parse(text), tracks: {} }],
    ["manifest.participants", { ...JSON.parse(text), participants: undefined }],
  ])("names what is wrong: %s", (name, source) => {
    expect(() => readManifest(source)).toThrow(MeetbotInputError);
    expect(() => readManifest(source)).toThrow(`${name}: expected`);
  });
});
