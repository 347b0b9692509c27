import { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import { dispositionOf } from "../recordings/manifest-files.ts";
import { type ByteRange, isCurrent, isUnchanged, rangeOf } from "./ranges.ts";

export interface SentFile {
  readonly name: string;
  readonly bytes: number;
  readonly mimeType: string;
  /** Without quotes. */
  readonly etag: string;
  /** Undefined for the whole file. */
  readonly read: (range: ByteRange | undefined) => Promise<Readable>;
}

/**
 * Sends a file, or the bytes of it that the client asks for.
 *
 * @param dress sets the headers that say what a browser may do with it; by default the browser only saves it
 * @throws ServiceError if the file has no such bytes
 */
export async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  { name, bytes, mimeType, etag, read }: SentFile,
  dress: () => void = () => asDownload(reply, name),
): Promise<FastifyReply> {
  reply.header("accept-ranges", "bytes").header("etag", `"${etag}"`);
  const { "if-none-match": known, "if-range": unless, range: wanted } = request.headers;
  if (isUnchanged(known, etag)) return reply.code(304).send();
  const isSame = isCurrent(unless?.toString(), etag);
  const range = isSame ? rangeOf(wanted, bytes) : undefined;
  dress();
  reply.type(mimeType);
  const { first, last } = range ?? { first: 0, last: bytes - 1 };
  reply.header("content-length", last - first + 1);
  if (range !== undefined) reply.code(206).header("content-range", `bytes ${first}-${last}/${bytes}`);
  // An empty stream, because Fastify gives a HEAD without one the length 0.
  if (request.method === "HEAD") return reply.send(Readable.from([]));
  const stream = await read(range);
  reply.raw.once("close", () => stream.destroy());
  return reply.send(stream);
}

/** A report, or any other recorded text, must not act in the name of this service. */
export function asDownload(reply: FastifyReply, name: string): FastifyReply {
  reply.header("content-disposition", dispositionOf(name));
  return reply.header("content-security-policy", "sandbox").header("x-content-type-options", "nosniff");
}
