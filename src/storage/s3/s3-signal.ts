import { AbortMultipartUploadCommand, type S3Client } from "@aws-sdk/client-s3";

/** Time to drop the parts of a failed upload. If that fails they only take space. */
const ABORT_MS = 5_000;

/**
 * A client that ends each of its requests when `signal` is aborted. `Upload` of `@aws-sdk/lib-storage` passes no signal
 * to its requests, so its own `abort` would leave them running.
 *
 * Dropping the parts of a failed upload has its own time limit and never fails, because the upload's first error says
 * more, and the bucket's rule for incomplete uploads removes the rest.
 */
export function withSignal(client: S3Client, signal: AbortSignal | undefined): S3Client {
  const send = async (command: Parameters<S3Client["send"]>[0]): Promise<unknown> => {
    if (command instanceof AbortMultipartUploadCommand) {
      return await client.send(command, { abortSignal: AbortSignal.timeout(ABORT_MS) }).catch(() => undefined);
    }
    return await client.send(command, signal === undefined ? {} : { abortSignal: signal });
  };
  return Object.create(client, { send: { value: send } });
}
