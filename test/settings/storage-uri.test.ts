import { describe, expect, it } from "vitest";
import { fileUriPath, localPath } from "../../src/settings/storage-uri.ts";

describe("localPath", () => {
  it.each([
    ["recordings", "recordings"],
    ["./file:odd", "./file:odd"],
    ["C:/calls", "C:/calls"],
    ["file:recordings", "recordings"],
    ["file:/data/calls", "/data/calls"],
    ["file:///data/my%20calls", "/data/my calls"],
    ["s3://bucket/prefix", undefined],
    ["s3:bucket", undefined],
    ["https://example.com/a", undefined],
    ["file://server/share", undefined],
    ["file:", undefined],
    ["file:file:/x", undefined],
    ["file:s3://bucket", undefined],
  ])("turns %s into %s", (text, path) => {
    expect(localPath(text)).toBe(path);
  });
});

it("fileUriPath accepts no path without its scheme, and no nested address", () => {
  expect(["/data", "data", "file:file:/x", "file:s3://b"].map(fileUriPath)).toEqual(Array(4).fill(undefined));
});
