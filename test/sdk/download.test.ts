import { createHash, randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import {
  createMeetbot,
  type DownloadOptions,
  MeetbotChecksumError,
  MeetbotConnectionError,
  MeetbotResponseError,
  type RecordingFile,
} from "../../src/sdk/index.ts";
import { scriptedServer, type Treatment } from "./support/scripted-server.ts";

const KEY = "mb_test_0123456789abcdefghjkmnpqrstvwxyz01234567";
const BYTES = randomBytes(300_000);

const FILE: RecordingFile = {
  ...{
    name: "audio.1.ogg",
    bytes: BYTES.length,
    mimeType: "audio/ogg",
    uri: "file:///audio.1.ogg",
    urlExpiresAt: null,
  },
  sha256: createHash("sha256").update(BYTES).digest("hex"),
  url: "http://127.0.0.1:1/where/the/service/believes/to/be",
};

/** Answers ranges of some bytes. @param cutAfter closes the connection after so many of them */
function bytesServed({ bytes = BYTES, cutAfter = Number.POSITIVE_INFINITY, hasRanges = true } = {}): Treatment {
  return (request: IncomingMessage, response: ServerResponse) => {
    const first = hasRanges ? Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0) : 0;
    const rest = bytes.subarray(first);
    response.writeHead(first > 0 ? 206 : 200, {
      "content-length": rest.length,
      ...(first > 0 ? { "content-range": `bytes ${first}-${bytes.length - 1}/${bytes.length}` } : {}),
    });
    if (rest.length <= cutAfter) response.end(rest);
    else response.write(rest.subarray(0, cutAfter), () => setTimeout(() => request.socket.destroy(), 50));
  };
}

async function downloaded(script: readonly Treatment[], options: DownloadOptions = {}, file = FILE) {
  const server = await scriptedServer(...script);
  const meetbot = createMeetbot({ apiKey: KEY, baseUrl: server.url, firstPauseMs: 1, maxRetries: 2 });
  const chunks: Uint8Array[] = [];
  const error = await (async () => {
    for await (const chunk of meetbot.downloadFile("job_1", file, options)) chunks.push(chunk);
  })().catch((reason: unknown) => reason);
  return { bytes: Buffer.concat(chunks), error, seen: server.seen, url: server.url };
}

describe("a download", () => {
  test("asks the client's own service address, whatever address the service gives", async () => {
    const { bytes, error, seen } = await downloaded([bytesServed()]);
    expect([error, bytes.equals(BYTES)]).toEqual([undefined, true]);
    expect(seen.map(({ url }) => url)).toEqual(["/api/v1/recordings/job_1/files/audio.1.ogg"]);
  });

  test("continues where the connection was lost", async () => {
    const script = [
      bytesServed({ cutAfter: 100_000 }),
      bytesServed({ cutAfter: 50_000 }),
      "drop",
      bytesServed(),
    ] as const;
    const { bytes, error, seen } = await downloaded(script);
    expect([error, bytes.equals(BYTES)]).toEqual([undefined, true]);
    const ranges = seen.map(({ headers }) => headers.range);
    expect(ranges).toEqual([undefined, "bytes=100000-", "bytes=150000-", "bytes=150000-"]);
  });

  test("continues in front of a server that knows no ranges", async () => {
    const { bytes, error } = await downloaded([bytesServed({ cutAfter: 100_000 }), bytesServed({ hasRanges: false })]);
    expect([error, bytes.equals(BYTES)]).toEqual([undefined, true]);
  });

  test("begins after bytes that are there already, and checks them too", async () => {
    const have = [BYTES.subarray(0, 1_000), BYTES.subarray(1_000, 4_000)];
    const { bytes, error, seen } = await downloaded([bytesServed()], { have });
    expect([error, bytes.equals(BYTES.subarray(4_000))]).toEqual([undefined, true]);
    expect(seen[0]?.headers.range).toBe("bytes=4000-");
    const other = await downloaded([bytesServed()], { have: [randomBytes(4_000)] });
    expect(other.error).toBeInstanceOf(MeetbotChecksumError);
  });

  test("of a file that is there already asks nothing", async () => {
    const { bytes, error, seen } = await downloaded([bytesServed()], { have: [BYTES] });
    expect([error, bytes.length, seen]).toEqual([undefined, 0, []]);
  });

  test.each([
    ["other bytes", Buffer.from(BYTES).fill(0, 5, 6)],
    ["more bytes", Buffer.concat([BYTES, BYTES])],
  ])("of %s ends with an error", async (_name, bytes) => {
    const { error } = await downloaded([bytesServed({ bytes })]);
    expect(error).toBeInstanceOf(MeetbotChecksumError);
    expect((error as Error).message).toContain("audio.1.ogg");
  });

  test("that never becomes complete ends with an error", async () => {
    const { error, seen } = await downloaded([bytesServed({ bytes: BYTES.subarray(0, 10) })]);
    expect(error).toBeInstanceOf(MeetbotConnectionError);
    expect(seen.length).toBeGreaterThan(2);
  });

  test("refuses a range that it did not ask for", async () => {
    const wrong: Treatment = { status: 206, headers: { "content-range": "bytes 7-9/300000" }, body: "abc" };
    const { error } = await downloaded([bytesServed({ cutAfter: 100 }), wrong]);
    expect(error).toBeInstanceOf(MeetbotResponseError);
  });

  test("ends if nothing comes for too long", async () => {
    const { error } = await downloaded(["silence"], { timeoutMs: 30, maxRetries: 0 });
    expect(error).toMatchObject({ name: "MeetbotTimeoutError" });
  });

  test("from a bucket sends no API key there, and asks for a new address when the old one has expired", async () => {
    const bucket = await scriptedServer({ status: 403, body: "expired" }, bytesServed());
    const presigned = { ...FILE, url: `${bucket.url}/old?X-Amz-Signature=1`, urlExpiresAt: "2026-01-01T00:00:00Z" };
    const renewed = { status: 200, body: { files: [{ ...presigned, url: `${bucket.url}/new` }], nextCursor: null } };
    const { bytes, error, seen } = await downloaded([renewed], {}, presigned);
    expect([error, bytes.equals(BYTES)]).toEqual([undefined, true]);
    expect(bucket.seen.map(({ url }) => url)).toEqual(["/old?X-Amz-Signature=1", "/new"]);
    expect(bucket.seen.flatMap(({ headers }) => headers.authorization ?? [])).toEqual([]);
    expect(seen.map(({ url }) => url)).toEqual(["/api/v1/recordings/job_1"]);
  });
});
