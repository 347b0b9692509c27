import { setImmediate as nextTurn } from "node:timers/promises";
import { GetObjectCommand, type GetObjectCommandInput, type S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl, S3RequestPresigner } from "@aws-sdk/s3-request-presigner";

/** A presigned address is a secret for so long. */
const PRESIGNED_SECONDS = 3_600;
/** Signing takes a fraction of a millisecond each; other requests get their turn in between. */
const SIGNED_IN_A_TURN = 20;

type SignedObject = Pick<
  GetObjectCommandInput,
  "Bucket" | "Key" | "ResponseContentType" | "ResponseContentDisposition"
>;

/**
 * Makes addresses that anybody can download an object of one bucket from for an hour. No request is sent.
 *
 * The SDK's own `getSignedUrl` resolves the bucket's address again for each object, which takes most of its time. So it
 * makes the first address, and the others differ from that one only in what is signed.
 */
export class S3Presigner {
  readonly #client: S3Client;

  constructor(client: S3Client) {
    this.#client = client;
  }

  /** @param at epoch milliseconds */
  async presign(
    objects: readonly SignedObject[],
    at: number,
  ): Promise<{ readonly urls: readonly string[]; readonly expiresAt: number }> {
    const options = { expiresIn: PRESIGNED_SECONDS, signingDate: new Date(at) };
    const expiresAt = at + PRESIGNED_SECONDS * 1_000;
    const [first] = objects;
    if (first === undefined) return { urls: [], expiresAt };
    const example = new URL(await getSignedUrl(this.#client, new GetObjectCommand(first), options));
    const before = example.pathname.slice(0, -pathOf(first).length);
    const [, , signingRegion = "", signingService = ""] =
      example.searchParams.get("X-Amz-Credential")?.split("/") ?? [];
    const signer = new S3RequestPresigner({ ...this.#client.config, region: signingRegion });
    const urls: string[] = [];
    for (const object of objects) {
      const signed = await signer.presign(
        {
          method: "GET",
          ...{ protocol: example.protocol, hostname: example.hostname, headers: { host: example.host } },
          ...(example.port === "" ? {} : { port: Number(example.port) }),
          path: `${before}${pathOf(object)}`,
          query: queryOf(object),
        },
        { ...options, signingRegion, signingService },
      );
      const query = Object.entries(signed.query ?? {}).map(
        ([name, value]) => `${encoded(name)}=${encoded(String(value))}`,
      );
      urls.push(`${example.origin}${signed.path}?${query.sort().join("&")}`);
      if (urls.length % SIGNED_IN_A_TURN === 0) await nextTurn();
    }
    return { urls, expiresAt };
  }
}

function pathOf({ Key = "" }: SignedObject): string {
  return Key.split("/").map(encoded).join("/");
}

/** The names of S3's API Reference, GetObject. */
function queryOf({ ResponseContentType, ResponseContentDisposition }: SignedObject): Record<string, string> {
  return {
    "x-id": "GetObject",
    ...(ResponseContentType === undefined ? {} : { "response-content-type": ResponseContentType }),
    ...(ResponseContentDisposition === undefined ? {} : { "response-content-disposition": ResponseContentDisposition }),
  };
}

/** Encodes a text for signatures of version 4: every octet except unreserved characters (RFC 3986 §2.3). */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
