import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { InputError, JobError, StorageError } from "../../../src/errors.ts";
import { S3Storage } from "../../../src/storage/s3/s3.ts";
import type { S3ObjectsOptions } from "../../../src/storage/s3/s3-objects.ts";
import type { S3Server } from "../../support/radosgw.ts";
import { missingS3, TestBucket } from "../../support/s3-bucket.ts";
import { type S3Fault, type S3Match, S3Proxy } from "../../support/s3-proxy.ts";
import { s3Server } from "../../support/s3-shared.ts";
import { spooled, storageContract } from "../storage-contract.ts";

const MB = 1_000_000;
/** More than three parts of a multipart upload. */
const BIG = Buffer.from(Uint8Array.from({ length: 20 * MB }, (_, index) => (index * 7919) >> 5));

interface Policy {
  readonly Statement: readonly { readonly Action: readonly string[]; readonly Resource: string }[];
}

/** The least rights of the credentials, as the documentation names them. */
function readPolicy(): Policy["Statement"][number] {
  const page = readFileSync(new URL("../../../docs/operate/storage.md", import.meta.url), "utf8");
  const policy: Policy = JSON.parse(/\{\n {2}"Version"[\s\S]*?\n\}/.exec(page)?.[0] ?? "");
  const [statement] = policy.Statement;
  if (statement === undefined) throw new Error("the policy in docs/operate/storage.md has a statement");
  return statement;
}

describe.skipIf(missingS3())("S3Storage", () => {
  let server: S3Server;
  const proxies: S3Proxy[] = [];

  beforeAll(async () => {
    server = await s3Server();
  });

  afterAll(() => Promise.all(proxies.map((proxy) => proxy.close())));

  const optionsFor = (bucket: Pick<TestBucket, "name">, changes: Partial<S3ObjectsOptions> = {}): S3ObjectsOptions => ({
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

    it("stores a big file in parts, and reports its progress", async () => {
      const { bucket, proxy, storage } = await behindProxy({ checksums });
      const reported: number[] = [];
      await storage.put(await spooled("big.ogg", BIG), "audio/ogg", { onProgress: (bytes) => reported.push(bytes) });
      expect((await bucket.get("calls/2026/job/big.ogg"))?.equals(BIG)).toBe(true);
      expect(reported).toEqual([5 << 20, 10 << 20, 15 << 20, BIG.length]);
      expect(proxy.requests.filter(({ path }) => path.includes("partNumber="))).toHaveLength(4);
      expect(await bucket.unfinishedUploads()).toEqual([]);
    });
  });

  describe("before the call is joined", () => {
    it("leaves nothing behind if everything works", async () => {
      const { bucket, storage } = await behindProxy();
      await storage.check();
      expect(await bucket.keys()).toEqual([]);
    });

    it.each([
      ["an unknown key", { accessKeyId: "AKNOBODYKNOWSTHISKEY" }, "InvalidAccessKeyId"],
      ["a wrong secret", { secretAccessKey: "another-recognisable-secret" }, "SignatureDoesNotMatch"],
    ])("says that the storage refuses %s", async (_, changes, code) => {
      const { storage } = await behindProxy({ credentials: { ...server, ...changes } });
      const error = await storage.check().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(JobError);
      expect(error).toMatchObject({ failureCode: "auth_failure", message: expect.stringContaining(code) });
      expect(String(error)).toMatch(/refuses access to s3:.*\/calls\/2026\/job\/.*check AWS_ACCESS_KEY_ID/);
    });

    it("says that the credentials cannot write", async () => {
      const { bucket, storage } = await behindProxy({ credentials: server.guest });
      await bucket.allowGuest(["s3:GetObject"], "*");
      await expect(storage.check()).rejects.toMatchObject({
        failureCode: "auth_failure",
        message: expect.stringContaining("AccessDenied"),
      });
    });

    it("says that the credentials cannot delete", async () => {
      const { proxy, storage } = await behindProxy();
      proxy.fault({ kind: "answer", status: 403, code: "AccessDenied" }, { method: "DELETE" });
      await expect(storage.check()).rejects.toMatchObject({ failureCode: "auth_failure" });
    });

    it("does not take a refused question, or a bucket that is gone, for a deleted file", async () => {
      const { bucket, storage } = await behindProxy({ credentials: server.guest });
      await bucket.allowGuest(["s3:PutObject"], "*");
      await bucket.put("calls/2026/job/a.ogg", Buffer.from("content"));
      for (const name of ["a.ogg", "never-stored.ogg"]) {
        await expect(storage.has(name)).rejects.toMatchObject({ fault: "refused" });
      }
      const nowhere = new S3Storage(optionsFor({ name: "test-nobody-has-made-this" }), "job");
      await expect(nowhere.has("a.ogg")).rejects.toThrow("NoSuchBucket");
    });

    it("reports a missing bucket as bad input", async () => {
      const storage = new S3Storage(optionsFor({ name: "test-nobody-has-made-this" }), "job");
      const error = await storage.check().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(InputError);
      expect(String(error)).toContain(
        `MEETBOT_STORAGE_URI: the storage at ${server.endpoint} cannot use s3://test-nobody-has-made-this/calls/2026/job/: NoSuchBucket; expected an existing bucket`,
      );
    });

    it("reports an endpoint without TLS as bad input", async () => {
      const { bucket, proxy } = await behindProxy();
      const endpoint = proxy.endpoint.replace("http:", "https:");
      const error = await new S3Storage(optionsFor(bucket, { endpoint }), "job")
        .check()
        .catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(InputError);
      expect(String(error)).toMatch(/: wrong version number; expected .* its address in MEETBOT_S3_ENDPOINT$/);
    });

    it.each([
      [301, "PermanentRedirect"],
      [400, "AuthorizationHeaderMalformed"],
      [501, "NotImplemented"],
    ])("reports a storage that answers %i %s as bad input, and asks once", async (status, code) => {
      const { proxy, storage } = await behindProxy();
      proxy.fault({ kind: "answer", status, code });
      await expect(storage.check()).rejects.toThrow(code);
      await expect(storage.check()).rejects.toBeInstanceOf(InputError);
      expect(proxy.requests).toHaveLength(2);
    });

    it("reports a network failure if nobody answers", async () => {
      const { proxy, storage } = await behindProxy();
      await proxy.refuse();
      await expect(storage.check()).rejects.toMatchObject({
        failureCode: "network_loss",
        message: expect.stringContaining("ECONNREFUSED"),
      });
    });

    it("retries if the storage is briefly busy", async () => {
      const { bucket, proxy, storage } = await behindProxy();
      proxy.fault({ kind: "answer", status: 503, code: "SlowDown" }, { times: 1 });
      proxy.fault({ kind: "reset" }, { method: "DELETE", times: 1 });
      await storage.check();
      expect(await bucket.keys()).toEqual([]);
    });

    it("never overwrites a finished recording", async () => {
      const { bucket, storage } = await behindProxy();
      await bucket.put("calls/2026/job/manifest.json", Buffer.from("{}"));
      const error = await storage.check().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(InputError);
      expect(String(error)).toContain(`s3://${bucket.name}/calls/2026/job/ holds a finished recording already`);
    });

    it("works without permission to look for one, such as Amazon's ListBucket", async () => {
      const { proxy, storage } = await behindProxy();
      proxy.fault({ kind: "answer", status: 403, code: "AccessDenied" }, { method: "HEAD" });
      await storage.check();
    });
  });

  it("needs no more permissions than the policy in docs/operate/storage.md gives", async () => {
    const { bucket, storage } = await behindProxy({ credentials: server.guest });
    const { Action, Resource } = readPolicy();
    await bucket.allowGuest(Action, Resource.replace(/^.*BUCKET\/PREFIX\//, "calls/2026/"));
    await storage.check();
    await storage.put(await spooled("a.ogg", Buffer.from("small")), "audio/ogg");
    await storage.put(await spooled("big.ogg", BIG), "audio/ogg");
    await bucket.put("calls/2026/job/manifest.json", Buffer.from("{}"));
    await expect(storage.check()).rejects.toThrow("holds a finished recording already");
  });

  describe("a failed attempt", () => {
    const onPut: S3Match = { method: "PUT", path: /\/job\/a\.ogg/, times: 1 };
    const onRead: S3Match = { method: "GET", path: /\/job\/a\.ogg/, times: 1 };

    it.each<[string, S3Fault, S3Match]>([
      ["503 SlowDown", { kind: "answer", status: 503, code: "SlowDown" }, onPut],
      ["500 InternalError", { kind: "answer", status: 500, code: "InternalError" }, onPut],
      ["429", { kind: "answer", status: 429, code: "TooManyRequests" }, onPut],
      ["a reset", { kind: "reset" }, onPut],
      ["an answer that got lost", { kind: "lose_answer" }, onPut],
      ["a byte damaged on the way to the storage", { kind: "corrupt_request" }, onPut],
      ["a byte that the storage gives back otherwise", { kind: "corrupt_answer" }, onRead],
      ["a reset while it is read back", { kind: "reset" }, onRead],
    ])("is worth another one, and is made once: %s", async (_, fault, match) => {
      const { bucket, proxy, storage } = await behindProxy();
      const file = await spooled("a.ogg", Buffer.from("content"));
      proxy.fault(fault, match);
      const error = await storage.put(file, "audio/ogg").catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(StorageError);
      expect(error).toMatchObject({ retryable: true, message: expect.stringContaining("a.ogg: ") });
      expect(proxy.requests.filter(({ method }) => method === match.method)).toHaveLength(1);
      await storage.put(file, "audio/ogg");
      expect(await bucket.get("calls/2026/job/a.ogg")).toEqual(Buffer.from("content"));
    });

    it("is worth a retry if nobody answers", async () => {
      const { proxy, storage } = await behindProxy();
      const file = await spooled("a.ogg", Buffer.from("content"));
      await proxy.refuse();
      await expect(storage.put(file, "audio/ogg")).rejects.toMatchObject({ retryable: true });
      await proxy.accept();
      await storage.put(file, "audio/ogg");
    });

    it.each([
      [403, "AccessDenied"],
      [404, "NoSuchBucket"],
      [400, "InvalidRequest"],
    ])("is not worth a retry: %i %s", async (status, code) => {
      const { proxy, storage } = await behindProxy();
      proxy.fault({ kind: "answer", status, code });
      await expect(storage.put(await spooled("a.ogg", Buffer.from("x")), "audio/ogg")).rejects.toMatchObject({
        retryable: false,
        message: expect.stringContaining(code),
      });
    });
  });

  describe.concurrent("a slow storage", () => {
    it("is waited for as long as bytes move", async ({ expect }) => {
      const { bucket, proxy, storage } = await behindProxy();
      const content = BIG.subarray(0, 9 * MB);
      proxy.fault({ kind: "slow", bytesPerSecond: MB / 2 }, { method: "PUT" });
      await storage.put(await spooled("a.ogg", content), "audio/ogg");
      expect((await bucket.get("calls/2026/job/a.ogg"))?.equals(content)).toBe(true);
    });

    it("is given up if nothing moves, which is worth a retry", async ({ expect }) => {
      const { proxy, storage } = await behindProxy();
      const file = await spooled("a.ogg", Buffer.from("content"));
      proxy.fault({ kind: "hang" }, { times: 1 });
      await expect(storage.put(file, "audio/ogg")).rejects.toMatchObject({
        retryable: true,
        message: expect.stringMatching(/a\.ogg: .*timed out after 15000 ms of inactivity/),
      });
      await storage.put(file, "audio/ogg");
    });

    it("is given up if nothing moves during the read-back", async ({ expect }) => {
      const { proxy, storage } = await behindProxy();
      proxy.fault({ kind: "stall" }, { method: "GET", times: 1 });
      await expect(storage.put(await spooled("a.ogg", BIG.subarray(0, MB)), "audio/ogg")).rejects.toMatchObject({
        retryable: true,
        message: expect.stringMatching(/a\.ogg: .*timed out/),
      });
    });
  });

  describe("an upload in parts", () => {
    it("leaves no parts behind if one fails", async () => {
      const { bucket, proxy, storage } = await behindProxy();
      proxy.fault({ kind: "answer", status: 503, code: "SlowDown" }, { path: /partNumber=3/ });
      await expect(storage.put(await spooled("big.ogg", BIG), "audio/ogg")).rejects.toMatchObject({ retryable: true });
      expect(proxy.requests.filter(({ path }) => path.includes("partNumber=2"))).toHaveLength(1);
      expect(await bucket.unfinishedUploads()).toEqual([]);
      expect(await bucket.keys()).toEqual([]);
    });

    it("is stopped in the middle of a part if it is cancelled, and leaves no parts behind", async () => {
      const { bucket, proxy, storage } = await behindProxy();
      const abort = new AbortController();
      proxy.fault({ kind: "hang" }, { path: /partNumber=2/ });
      const onProgress = (): void => void setTimeout(() => abort.abort(new Error("given up")), 50);
      const putting = storage.put(await spooled("big.ogg", BIG), "audio/ogg", { signal: abort.signal, onProgress });
      await expect(putting).rejects.toThrow("given up");
      expect(await bucket.unfinishedUploads()).toEqual([]);
      expect(await bucket.keys()).toEqual([]);
    });

    it("is dropped if the spool's file turns out to be damaged", async () => {
      const { bucket, storage } = await behindProxy();
      const file = await spooled("big.ogg", BIG);
      await expect(storage.put({ ...file, sha256: "0".repeat(64) }, "audio/ogg")).rejects.toMatchObject({
        retryable: false,
        message: "big.ogg: the file in the spool is not what was recorded",
      });
      expect(await bucket.unfinishedUploads()).toEqual([]);
      expect(await bucket.keys()).toEqual([]);
    });

    it("detects a part that was damaged on its way", async () => {
      const { bucket, proxy, storage } = await behindProxy();
      proxy.fault({ kind: "corrupt_request" }, { path: /partNumber=2/, times: 1 });
      const file = await spooled("big.ogg", BIG);
      await expect(storage.put(file, "audio/ogg")).rejects.toMatchObject({ retryable: true });
      await storage.put(file, "audio/ogg");
      expect((await bucket.get("calls/2026/job/big.ogg"))?.equals(BIG)).toBe(true);
    });
  });

  describe("the proof of an upload", () => {
    const files = () => Promise.all([spooled("a.ogg", Buffer.from("small")), spooled("big.ogg", BIG)]);

    it("is the object itself, read back, if the storage reports no checksum", async () => {
      const { storage, reads } = await behindProxy();
      for (const file of await files()) await storage.put(file, "audio/ogg");
      expect(reads().map(({ path }) => path.replace(/\?.*/, "").split("/").at(-1))).toEqual(["a.ogg", "big.ogg"]);
    });

    it("is the storage's SHA-256 if it reports the right one, without a read-back", async () => {
      const { proxy, storage, reads } = await behindProxy();
      proxy.sendsChecksums = true;
      for (const file of await files()) await storage.put(file, "audio/ogg");
      expect(reads()).toEqual([]);
    });

    it("is the object itself if the storage reports a different SHA-256", async () => {
      const { proxy, storage, reads } = await behindProxy();
      proxy.sendsChecksums = true;
      proxy.sendsWrongChecksums = true;
      for (const file of await files()) await storage.put(file, "audio/ogg");
      expect(reads()).toHaveLength(2);
    });
  });
});
