import { S3Client } from "@aws-sdk/client-s3";
import { boundAnswers } from "./s3-bounded-answers.ts";

/** How to reach an S3-compatible storage; missing values are left to the AWS SDK. */
export interface S3ClientOptions {
  readonly endpoint?: string;
  readonly region?: string;
  readonly forcePathStyle: boolean;
  readonly credentials:
    | { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string }
    | undefined;
  /** How long a connection may be without traffic; 15 s by default, 0 for a caller that has limits of its own. */
  readonly idleMs?: number;
}

const CONNECT_MS = 5_000;
/** A connection without traffic in either direction for this long is given up, because the storage hangs. */
const IDLE_MS = 15_000;

/**
 * A client that makes each request once. The caller decides about retries, so they do not multiply. Checksums are also
 * left to the caller. The SDK's own default, a CRC after the body, is refused by S3 servers that know neither it nor
 * the chunked encoding that it needs (Ceph 16 answers MissingContentLength).
 */
export function createS3Client(options: S3ClientOptions): S3Client {
  const { endpoint, region, forcePathStyle, credentials, idleMs = IDLE_MS } = options;
  const client = new S3Client({
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(credentials === undefined ? {} : { credentials }),
    forcePathStyle,
    maxAttempts: 1,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: idleMs },
  });
  boundAnswers(client);
  return client;
}
