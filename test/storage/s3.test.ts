import { createHash } from "node:crypto";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { SpooledFile } from "../../src/recording/ports.ts";
import { S3Storage } from "../../src/storage/s3.ts";
import type { S3ObjectsOptions } from "../../src/storage/s3-objects.ts";
import type { S3Server } from "../support/radosgw.ts";
import { missingS3, TestBucket } from "../support/s3-bucket.ts";
import { S3Proxy } from "../support/s3-proxy.ts";
import { s3Server } from "../support/s3-shared.ts";
import { storageContract } from "./storage-contract.ts";

const MB = 1_000_000;
/** More than two pieces of an upload in parts. */
const BIG = Buffer.from(Uint8Array.from({ length: 20 * MB }, (_, index) => (index * 7919) >> 5));

async function spooled(name: string, content: Buffer): Promise<SpooledFile> {
  const path = join(await mkdtemp(join(tmpdir(), "meetbot-test-")), name);
  await writeFile(path, content);
  return { name, path, bytes: content.length, sha256: createHash("sha256").update(content).digest("hex") };
}

describe.skipIf(missingS3())("S3Storage", () => {
  let server: S3Server;
  const proxies: S3Proxy[] = [];

  beforeAll(async () => {
    server = await s3Server();
  });

  afterEach(async () => {
    await Promise.all(proxies.splice(0).map((proxy) => proxy.close()));
  });

  const optionsFor = (bucket: TestBucket, changes: Partial<S3ObjectsOptions> = {}): S3ObjectsOptions => ({
    bucket: bucket.name,
    prefix: "calls/2026",
    endpoint: server.endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    checksums: "sha256",
    credentials: server,
    ...changes,
  });

  /** A storage behind a proxy, with a bucket of its own. */
  async function behindProxy(changes: Partial<S3ObjectsOptions> = {}) {
    const bucket = await TestBucket.create(server);
    const proxy = await S3Proxy.start(server.endpoint);
    proxies.push(proxy);
    const storage = new S3Storage(optionsFor(bucket, { endpoint: proxy.endpoint, ...changes }), "job");
    const reads = () => proxy.requests.filter(({ method, path }) => method === "GET" && path.includes("/job/"));
    return { bucket, proxy, storage, reads };
  }

  describe.each(["sha256", "none"] as const)("with checksums %s", (checksums) => {
    storageContract(async () => {
      const bucket = await TestBucket.create(server);
      return {
        storage: new S3Storage(optionsFor(bucket, { checksums }), "job"),
        stored: (name) => bucket.get(`calls/2026/job/${name}`),
      };
    });

    it("stores a big file in parts, and tells how far it is", async () => {
      const { bucket, proxy, storage } = await behindProxy({ checksums });
      const told: number[] = [];
      await storage.put(await spooled("big.ogg", BIG), "audio/ogg", { onProgress: (bytes) => told.push(bytes) });
      expect((await bucket.get("calls/2026/job/big.ogg"))?.equals(BIG)).toBe(true);
      expect(told).toEqual([8 << 20, 16 << 20, BIG.length]);
      expect(proxy.requests.filter(({ path }) => path.includes("partNumber="))).toHaveLength(3);
      expect(await bucket.unfinishedUploads()).toEqual([]);
    });
  });
});
