import { pipeline, Readable, Transform } from "node:stream";
import type { S3Client } from "@aws-sdk/client-s3";

/** A response from the SDK's HTTP handler, with an unread body. */
interface Answer {
  readonly statusCode: number;
  body?: unknown;
}

/** Every response except an object's content is a short XML document. */
const MAX_ANSWER_BYTES = 1_000_000;

/**
 * Limits how much the SDK reads of the storage's responses, which it otherwise buffers completely. The content of an
 * object is left to the caller.
 */
export function boundAnswers(client: S3Client): void {
  const handler = client.config.requestHandler;
  const handle = handler.handle.bind(handler);
  handler.handle = async (request, options) => {
    const result = await handle(request, options);
    const answer: Answer = result.response;
    // The SDK marks each request with its operation.
    const isContent = request.query?.["x-id"] === "GetObject" && answer.statusCode < 300;
    if (!isContent && answer.body instanceof Readable) answer.body = bounded(answer.body);
    return result;
  };
}

function bounded(body: Readable): Readable {
  let bytes = 0;
  const limit = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes <= MAX_ANSWER_BYTES) done(null, chunk);
      else done(new Error(`its answer is longer than ${MAX_ANSWER_BYTES} bytes`));
    },
  });
  // An error of either stream becomes an error of the limited one, which the SDK reads and throws.
  return pipeline(body, limit, () => undefined);
}
