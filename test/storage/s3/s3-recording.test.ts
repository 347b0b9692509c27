import { beforeAll, describe, expect, it } from "vitest";
import { InputError } from "../../../src/errors.ts";
import { S3Recording } from "../../../src/storage/s3/s3-recording.ts";
import type { S3Server } from "../../support/radosgw.ts";
import { missingS3, TestBucket } from "../../support/s3-bucket.ts";
import { s3Server } from "../../support/s3-shared.ts";

describe.skipIf(missingS3())("S3Recording", () => {
  let server: S3Server;
  let bucket: TestBucket;

  beforeAll(async () => {
    server = await s3Server();
    bucket = await TestBucket.create(server);
    await bucket.put("done/manifest.json", Buffer.from("{}"));
    await bucket.put("unfinished/audio.1.ogg", Buffer.from("sound"));
  });

  const open = (prefix: string, changes: { bucket?: string; credentials?: S3Server["guest"] } = {}) =>
    S3Recording.open({
      bucket: bucket.name,
      prefix,
      endpoint: server.endpoint,
      region: "us-east-1",
      forcePathStyle: true,
      checksums: "sha256",
      credentials: server,
      ...changes,
    });

  it("reads the files of a job, and says which are missing", async () => {
    const recording = await open("done");
    expect(await recording.read("manifest.json", 1_000_000)).toEqual(Buffer.from("{}"));
    expect(await recording.read("audio.1.ogg", 1_000_000)).toBeUndefined();
  });

  it("opens an unfinished job as a folder does", async () => {
    const recording = await open("unfinished");
    expect(await recording.read("manifest.json", 1_000_000)).toBeUndefined();
    expect(await recording.read("audio.1.ogg", 1_000_000)).toEqual(Buffer.from("sound"));
  });

  it("does not confuse jobs whose names begin alike", async () => {
    await expect(open("don")).rejects.toThrow(
      `s3://${bucket.name}/don/: nothing is there; give the address of one job`,
    );
  });

  it("says that the bucket does not exist", async () => {
    const opening = open("done", { bucket: "test-nobody-has-made-this" });
    await expect(opening).rejects.toBeInstanceOf(InputError);
    await expect(opening).rejects.toThrow("NoSuchBucket");
  });

  it("says that access is denied", async () => {
    await expect(open("done", { credentials: server.guest })).rejects.toMatchObject({ failureCode: "auth_failure" });
  });
});
