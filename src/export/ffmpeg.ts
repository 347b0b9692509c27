import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { SAMPLES_PER_SECOND } from "../audio/opus-packet.ts";
import { hasCode, InputError } from "../errors.ts";
import type { Channels } from "../opus/packet-decoder.ts";

/** How to install it, for error messages. */
export const INSTALL_FFMPEG =
  "install ffmpeg (apt-get install ffmpeg, brew install ffmpeg or winget install ffmpeg) so that it is found in PATH";

const QUIET = ["-hide_banner", "-nostdin", "-loglevel", "error"];
/** The end of ffmpeg's output, which names the error. */
const MAX_STDERR_CHARS = 2_000;

export async function hasFfmpeg(): Promise<boolean> {
  const child = spawn("ffmpeg", ["-version"], { stdio: "ignore" });
  try {
    const [code] = await once(child, "close");
    return code === 0;
  } catch (error) {
    if (hasCode(error, "ENOENT") || hasCode(error, "EACCES")) return false;
    throw error;
  }
}

/**
 * Encodes 16-bit PCM of 48 kHz into a file.
 *
 * @param codec ffmpeg's options for the encoder and the container
 */
export async function encodeWithFfmpeg(
  path: string,
  blocks: AsyncIterable<Buffer>,
  channels: Channels,
  codec: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  // Without "file:" ffmpeg would read a colon in the path as a protocol.
  const ffmpeg = run([...rawPcm(channels), "-i", "pipe:0", ...codec, `file:${path}`], signal);
  try {
    const [fed, ended] = await Promise.allSettled([pipeline(blocks, ffmpeg.stdin, { signal }), ffmpeg.ended]);
    signal.throwIfAborted();
    // A broken pipe only shows that ffmpeg ended, and its message says why. Any other error of the blocks comes first.
    if (fed.status === "rejected" && !hasCode(fed.reason, "EPIPE")) throw fed.reason;
    if (ended.status === "rejected") throw ended.reason;
  } finally {
    ffmpeg.kill();
  }
}

function rawPcm(channels: Channels): string[] {
  return ["-f", "s16le", "-ac", String(channels), "-ar", String(SAMPLES_PER_SECOND)];
}

interface RunningFfmpeg {
  readonly stdin: NodeJS.WritableStream;
  /** Rejects with ffmpeg's own message if it fails. */
  readonly ended: Promise<void>;
  /** Idempotent. Does nothing if ffmpeg has ended. */
  kill(): void;
}

function run(args: readonly string[], signal: AbortSignal): RunningFfmpeg {
  const child = spawn("ffmpeg", [...QUIET, ...args], { stdio: ["pipe", "ignore", "pipe"], signal });
  const ended = endOf(child, child.stderr);
  // The result is awaited above, unless an abort comes first.
  ended.catch(() => undefined);
  return { stdin: child.stdin, ended, kill: () => child.kill("SIGKILL") };
}

async function endOf(child: ChildProcess, stderr: Readable): Promise<void> {
  let said = "";
  stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-MAX_STDERR_CHARS);
  });
  const [code, signal] = await once(child, "close");
  if (code !== 0) throw new InputError(`ffmpeg failed (${signal ?? `exit code ${code}`}): ${said.trim()}`);
}
