import { expect, it } from "vitest";
import { addressOf, contentsOf, storageOf } from "../../../../../src/service/page/browser/recordings/contents.ts";

const file = (name: string, more: object = {}) => ({
  ...{ name, bytes: 10, mimeType: "audio/ogg", url: `https://public.example/${name}`, urlExpiresAt: null },
  ...more,
});

it("A recording's people do not include bots, and its size is that of sound and attachments.", () => {
  const manifest = {
    participants: [
      { displayName: "Ada", bot: false },
      { displayName: "Music", bot: true },
      { displayName: "<b>", bot: false },
    ],
    channel: { id: "1", name: "General" },
    tracks: [{ bytes: 10 }, { bytes: 7 }],
    attachments: [{ bytes: 3 }],
  };
  expect(contentsOf({ manifest })).toEqual({
    ...{ people: ["Ada", "<b>"], bytes: 20, channel: "General" },
  });
});

it.each([[{}], [{ participants: "nobody", channel: "General" }], [{ participants: [null, 1, {}], channel: null }]])(
  "A manifest of another shape says nothing: %j",
  (manifest) => {
    expect(contentsOf({ manifest })).toEqual({ people: [], bytes: 0, channel: undefined });
  },
);

it("The service's own files are fetched where the page is, and a bucket's at its presigned address.", () => {
  expect(addressOf("job_1", file("attachments/1-a b.png"))).toBe(
    "api/v1/recordings/job_1/files/attachments%2F1-a%20b.png",
  );
  const presigned = file("a.ogg", { url: "https://bucket.example/a?X-Amz=1", urlExpiresAt: "2026-01-01T00:00:00Z" });
  expect(addressOf("job_1", presigned)).toBe("https://bucket.example/a?X-Amz=1");
});

it.each([
  ["file:/data/recordings/job_1/manifest.json", "file:/data/recordings"],
  ["s3://calls/2026/job_1/manifest.json", "s3://calls/2026"],
  ["elsewhere", "elsewhere"],
])("The storage of %s is %s.", (manifestUri, storage) => {
  expect(storageOf({ id: "job_1", manifestUri })).toBe(storage);
});
