import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { createS3Client } from "../../../src/storage/s3/s3-client.ts";
import { S3RecordingStorage } from "../../../src/storage/s3/s3-recording-storage.ts";

const LIMITS = { requestMs: 300, readMs: 300, idleMs: 300, maxObjects: 2_500 };

/** A storage that answers each request as a test says. */
async function storageThat(answer: (response: ServerResponse, url: URL, method: string) => void) {
  const server = createServer((request, response) => {
    answer(response, new URL(request.url ?? "", "http://bucket"), request.method ?? "");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const client = createS3Client({
    ...{ endpoint: `http://127.0.0.1:${port}`, region: "us-east-1", forcePathStyle: true, idleMs: 0 },
    credentials: { accessKeyId: "AKIAEXAMPLEEXAMPLE", secretAccessKey: "nobody's" },
  });
  onTestFinished(() => {
    client.destroy();
    server.closeAllConnections();
    server.close();
  });
  return new S3RecordingStorage({ client, bucket: "bkt", prefix: "p", limits: LIMITS }, "job_1");
}

const never = new AbortController().signal;
/** Begins an answer, and sends a byte now and then: no limit for idle connections ends that. */
const trickle = (response: ServerResponse): void => {
  response.writeHead(200, { "content-length": 1_000 });
  const timer = setInterval(() => response.write(" "), 50);
  response.on("close", () => clearInterval(timer));
};

describe("a storage that never finishes", () => {
  it.each([
    ["answers nothing", () => undefined],
    ["begins to answer and then sends nothing", (response: ServerResponse) => response.writeHead(200).write("<")],
    ["answers a byte at a time", trickle],
  ])("and %s is given up for each request", async (_what, answer) => {
    const storage = await storageThat(answer);
    const asked: Readonly<Record<string, () => Promise<unknown>>> = {
      list: () => storage.list(),
      read: () => storage.read("manifest.json", 1_000),
      removeAll: () => storage.removeAll(never),
      isEmpty: () => storage.isEmpty(never),
    };
    for (const [name, ask] of Object.entries(asked)) await expect(ask(), name).rejects.toThrow();
  });

  it("or always has another page of objects is given up", async () => {
    const contents = Array.from(
      { length: 1_000 },
      (_, n) => `<Contents><Key>p/job_1/${n}</Key><Size>1</Size></Contents>`,
    );
    const page = `<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken>${contents.join("")}</ListBucketResult>`;
    const storage = await storageThat((response) => response.end(page));
    await expect(storage.list()).rejects.toThrow("lists more than");
  });

  it("does not answer a HEAD: it is given up", async () => {
    const storage = await storageThat(() => undefined);
    await expect(storage.stat("manifest.json")).rejects.toThrow();
  });
});

describe("an object's bytes", () => {
  const CHUNK = Buffer.alloc(64 * 1_024, 1);

  it("fail if they stop coming while somebody reads", async () => {
    const storage = await storageThat((response) => {
      response.writeHead(200, { "content-length": CHUNK.length * 2 }).write(CHUNK);
    });
    await expect(buffer(await storage.stream("a.ogg"))).rejects.toThrow("no bytes came");
  });

  it("wait for a slow reader, however long that pauses", async () => {
    const size = 400;
    const storage = await storageThat((response) => {
      response.writeHead(200, { "content-length": CHUNK.length * size });
      for (let sent = 0; sent < size; sent += 1) response.write(CHUNK);
      response.end();
    });
    const stream = await storage.stream("a.ogg");
    let bytes = 0;
    for await (const chunk of stream) {
      if (bytes === 0) await sleep(3 * LIMITS.idleMs);
      bytes += chunk.length;
    }
    expect(bytes).toBe(CHUNK.length * size);
  });
});
