import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectRetentionCommand,
} from "@aws-sdk/client-s3";
import { beforeAll, describe, expect, it } from "vitest";
import { createS3Client } from "../../../src/storage/s3/s3-client.ts";
import type { S3Server } from "../../support/radosgw.ts";
import { missingS3, TestBucket } from "../../support/s3-bucket.ts";
import { s3Server } from "../../support/s3-shared.ts";
import { serviceApi } from "../../support/service-api.ts";
import { ATTACHMENT, composed, finishedJob, storedJob, TRACK } from "./support.ts";

const run = promisify(execFile);
const skip = missingS3();

function clientOf({ endpoint, accessKeyId, secretAccessKey }: S3Server) {
  const credentials = { accessKeyId, secretAccessKey };
  return createS3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials });
}

async function recorded({ locked = false } = {}) {
  const server = await s3Server();
  const bucket = await TestBucket.create(server, { locked });
  const { MEETBOT_STORAGE_URI: uri = "", ...environment } = bucket.environment("calls");
  const storage = await composed({ ...environment, MEETBOT_SERVICE_STORAGE_URI: uri });
  const api = await serviceApi({ recordings: storage.recordings });
  const id = await finishedJob(api);
  const folder = await storedJob(id);
  for (const name of ["manifest.json", "events.jsonl", TRACK, ATTACHMENT]) {
    await bucket.put(`calls/${id}/${name}`, await readFile(join(folder, name)));
  }
  return { server, bucket, api, id, folder };
}

// The server takes 12 s to start, and longer on a busy machine.
beforeAll(async () => {
  if (skip === false) await s3Server();
}, 120_000);

describe("a recording in a bucket", () => {
  it.skipIf(skip)("has a presigned address for each file, for an hour and for nothing else", async () => {
    const { api, id, folder, bucket } = await recorded();
    const { json } = await api.ask("GET", `/api/v1/recordings/${id}`);
    expect(json.files).toHaveLength(4);
    for (const { name, url, urlExpiresAt, uri, mimeType } of json.files) {
      const { stdout } = await run("curl", ["-sS", "--fail", "-i", url], { encoding: "buffer" });
      const [head = ""] = stdout.toString("latin1").split("\r\n\r\n");
      expect(stdout.subarray(head.length + 4)).toEqual(await readFile(join(folder, name)));
      expect(head.toLowerCase()).toContain(`content-type: ${mimeType}`);
      expect(head.toLowerCase()).toContain("content-disposition: attachment");
      expect(uri).toBe(`s3://${bucket.name}/calls/${id}/${name}`);
      expect(Math.abs(Date.parse(urlExpiresAt) - Date.now() - 3_600_000)).toBeLessThan(60_000);
      const other = url.replace(encodeURIComponent(name).replaceAll("%2F", "/"), "other.json");
      await expect(run("curl", ["-sS", "--fail", other])).rejects.toThrow("403");
    }
    // The service can also read it itself.
    const part = await api.ask("GET", `/api/v1/recordings/${id}/files/${TRACK}`, { headers: { range: "bytes=0-3" } });
    expect([part.status, part.text]).toEqual([206, "OggS"]);
  });

  it.skipIf(skip)("is deleted with every object and unfinished upload, and nothing of another job", async () => {
    const { api, id, bucket, server } = await recorded();
    await bucket.put(`calls/${id}0/manifest.json`, Buffer.from("another job's"));
    await bucket.put(`calls/${id}/manifest.recording.json`, Buffer.from("of a worker that died"));
    const client = clientOf(server);
    for (const job of [id, `${id}0`]) {
      await client.send(new CreateMultipartUploadCommand({ Bucket: bucket.name, Key: `calls/${job}/${TRACK}` }));
    }
    const { json } = await api.ask("DELETE", `/api/v1/recordings/${id}`);
    expect(json.files).toBe(5);
    expect(await bucket.keys()).toEqual([`calls/${id}0/manifest.json`]);
    expect(await bucket.unfinishedUploads()).toEqual([`calls/${id}0/${TRACK}`]);
    client.destroy();
  });

  it.skipIf(skip)("is deleted with older versions and markers, in a bucket that keeps or kept versions", async () => {
    const { api, id, bucket, server } = await recorded();
    const client = clientOf(server);
    const versioned = async (Status: "Enabled" | "Suspended") => {
      await client.send(new PutBucketVersioningCommand({ Bucket: bucket.name, VersioningConfiguration: { Status } }));
    };
    const objectsOf = async (job: string) => {
      const { Versions = [], DeleteMarkers = [] } = await client.send(
        new ListObjectVersionsCommand({ Bucket: bucket.name, Prefix: `calls/${job}/` }),
      );
      return [Versions.length, DeleteMarkers.length];
    };
    // One object has a version of before and one of after; one is hidden by a marker.
    await versioned("Enabled");
    await bucket.put(`calls/${id}/${TRACK}`, Buffer.from("a newer version"));
    await client.send(new DeleteObjectCommand({ Bucket: bucket.name, Key: `calls/${id}/events.jsonl` }));
    expect(await objectsOf(id)).toEqual([5, 1]);
    const { status, json } = await api.ask("DELETE", `/api/v1/recordings/${id}`);
    expect([status, json.files]).toEqual([200, 4]);
    expect(await objectsOf(id)).toEqual([0, 0]);

    await versioned("Suspended");
    const other = await finishedJob(api);
    await bucket.put(`calls/${other}/manifest.json`, Buffer.from("{}"));
    expect((await api.ask("DELETE", `/api/v1/recordings/${other}`)).status).toBe(200);
    expect(await objectsOf(other)).toEqual([0, 0]);
    client.destroy();
  });

  it.skipIf(skip)("that a lock protects is not noted as deleted, and the answer says what refuses", async () => {
    const { api, id, server, bucket } = await recorded({ locked: true });
    const client = clientOf(server);
    const locked = { Bucket: bucket.name, Key: `calls/${id}/${TRACK}` };
    const RetainUntilDate = new Date(Date.now() + 60_000);
    const Retention = { Mode: "GOVERNANCE", RetainUntilDate } as const;
    await client.send(new PutObjectRetentionCommand({ ...locked, Retention }));
    const refused = await api.ask("DELETE", `/api/v1/recordings/${id}`);
    expect([refused.status, refused.json.code]).toEqual([503, "storage_unavailable"]);
    expect(refused.json.message).toBe(
      "the storage did not delete 1 of 4 objects: they are locked, or the service may not delete them",
    );
    expect((await api.store.job(id))?.deletedAt).toBeNull();
    expect(await bucket.keys()).toEqual([`calls/${id}/${TRACK}`]);
    const { Versions: [version] = [] } = await client.send(
      new ListObjectVersionsCommand({ Bucket: bucket.name, Prefix: locked.Key }),
    );
    const release = { ...locked, VersionId: version?.VersionId, BypassGovernanceRetention: true };
    await client.send(new DeleteObjectCommand(release));
    expect((await api.ask("DELETE", `/api/v1/recordings/${id}`)).status).toBe(200);
    client.destroy();
  });
});
