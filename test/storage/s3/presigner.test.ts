import { GetObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { expect, it } from "vitest";
import { createS3Client } from "../../../src/storage/s3/s3-client.ts";
import { S3Presigner } from "../../../src/storage/s3/s3-presigner.ts";

/** The same address, whatever the order of its query. */
function parts(address: string): readonly string[] {
  const { origin, pathname, search } = new URL(address);
  return [origin, pathname, ...search.slice(1).split("&").sort()];
}

it.each([
  ["Amazon", { forcePathStyle: false }],
  ["a server with the bucket in the path", { endpoint: "http://127.0.0.1:9000", forcePathStyle: true }],
  ["a server with the bucket in the host name", { endpoint: "https://s3.example.org", forcePathStyle: false }],
])("presigns any number of objects of %s as the SDK does one", async (_what, place) => {
  const credentials = { accessKeyId: "AKIAEXAMPLEEXAMPLE", secretAccessKey: "nobody's", sessionToken: "a/b+c=" };
  const client = createS3Client({ ...place, region: "eu-central-1", credentials });
  const keys = ["a/b.ogg", "calls/jöb (1)/x'y*!~.ogg", "a//b", "c d+e&f=g?h#i%20", "attachments/1-ä\u{1f600}.png"];
  const objects = keys.map((Key) => ({
    ...{ Bucket: "bucket", Key, ResponseContentType: "audio/ogg; codecs=opus" },
    ResponseContentDisposition: "attachment; filename*=UTF-8''a%20b%27",
  }));
  const at = Date.parse("2026-11-30T12:00:00Z");
  const { urls, expiresAt } = await new S3Presigner(client).presign(objects, at);
  expect(expiresAt).toBe(at + 3_600_000);
  const options = { expiresIn: 3_600, signingDate: new Date(at) };
  const expected = await Promise.all(
    objects.map((object) => getSignedUrl(client, new GetObjectCommand(object), options)),
  );
  expect(urls.map(parts)).toEqual(expected.map(parts));
  client.destroy();
});
