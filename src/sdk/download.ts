import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { chunksOf } from "./body.ts";
import { MeetbotChecksumError, MeetbotConnectionError, MeetbotForbiddenError, MeetbotResponseError } from "./errors.ts";
import type { CallOptions } from "./options.ts";
import { resumeMs } from "./resume.ts";
import { pause } from "./time.ts";
import type { Transport } from "./transport.ts";
import type { RecordingFile } from "./types.ts";

/** Options of a download. `timeoutMs` is how long nothing may come; there is no limit for the whole. */
export interface DownloadOptions extends Omit<CallOptions, "totalTimeoutMs" | "idempotencyKey"> {
  /** The file's first bytes, if an earlier download got them. They are checked with the rest and not fetched again. */
  readonly have?: AsyncIterable<Uint8Array> | Iterable<Uint8Array> | undefined;
}

/**
 * A file's bytes. After a lost connection the rest is fetched.
 *
 * @param addressOf asked once, and again when a presigned address has expired
 * @throws MeetbotChecksumError at the end, if the bytes are not the file's
 */
export async function* download(
  transport: Transport,
  file: RecordingFile,
  addressOf: (isExpired: boolean) => Promise<string>,
  options: DownloadOptions,
): AsyncGenerator<Uint8Array> {
  const { signal, have = [], timeoutMs = transport.settings.timeoutMs } = options;
  const { maxRetries = transport.settings.maxRetries } = options;
  const hash = sha256.create();
  let at = 0;
  for await (const chunk of have) {
    hash.update(chunk);
    at += chunk.length;
  }
  let path = await addressOf(false);
  let isRenewed = false;
  let failures = 0;
  while (at < file.bytes) {
    try {
      const headers = at === 0 ? {} : { range: `bytes=${at}-` };
      const response = await transport.open({ method: "GET", path, headers }, undefined, {
        ...{ signal, timeoutMs, maxRetries: 0 },
      });
      let skip = leadOf(response, at);
      for await (const chunk of chunksOf(response, timeoutMs, signal)) {
        const fresh = chunk.subarray(skip);
        skip -= chunk.length - fresh.length;
        if (fresh.length === 0) continue;
        at += fresh.length;
        if (at > file.bytes) break;
        hash.update(fresh);
        failures = 0;
        isRenewed = false;
        yield fresh;
      }
      if (at < file.bytes) throw new MeetbotConnectionError("the connection ended before the file did");
    } catch (error) {
      if (error instanceof MeetbotForbiddenError && !path.startsWith("/") && !isRenewed) {
        isRenewed = true;
        path = await addressOf(true);
        continue;
      }
      await pause(resumeMs(error, failures, maxRetries, transport.settings), signal);
      failures += 1;
    }
  }
  if (at !== file.bytes) throw new MeetbotChecksumError(`${file.name}: has more than ${file.bytes} bytes`);
  if (file.sha256 !== null && bytesToHex(hash.digest()) !== file.sha256) {
    throw new MeetbotChecksumError(`${file.name}: the SHA-256 of the bytes is not that of the manifest`);
  }
}

/** How many bytes at the answer's beginning are there already. */
function leadOf({ status, headers }: Response, at: number): number {
  if (status !== 206) return at;
  const first = /^bytes (\d{1,15})-/.exec(headers.get("content-range") ?? "")?.[1];
  if (first === String(at)) return 0;
  throw new MeetbotResponseError(status, `the answer does not begin at byte ${at}, as it was asked to`);
}
