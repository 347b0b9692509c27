import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Option } from "commander";
import { InputError } from "../../errors.ts";
import { CALL_SCRIPT_FILE, type CallFixture } from "../../fixture/call-script.ts";
import { readFixture } from "../../fixture/read-fixture.ts";
import { typed } from "../../invocation.ts";
import type { EncryptionMode, Loopback } from "../../loopback/loopback.ts";
import { MANIFEST_FILE, PROVISIONAL_FILE } from "../../session/job-files.ts";

/** Options for playing a fixture. */
export interface PlayOptions {
  readonly encryptionMode?: EncryptionMode;
  readonly dave: boolean;
}

export const ENCRYPTION_MODE_OPTION = new Option("--encryption-mode <mode>", "transport encryption to offer").choices([
  "aead_aes256_gcm_rtpsize",
  "aead_xchacha20_poly1305_rtpsize",
]);

export interface PlayedCall {
  readonly fixture: CallFixture;
  readonly loopback: Loopback;
  /** A temporary folder, removed at the end. */
  readonly workDir: string;
}

/**
 * Starts the loopback with a call from a folder, and closes it when `use` is done.
 *
 * @param log gets a line for each action of the loopback
 * @throws InputError if the folder contains no complete fixture
 */
export async function withLoopback<Result>(
  folder: string,
  options: PlayOptions,
  use: (call: PlayedCall) => Promise<Result>,
  log?: (line: string) => void,
): Promise<Result> {
  refuseRecording(folder);
  const fixture = await readFixture(folder);
  const { startLoopback } = await import("../../loopback/loopback.ts");
  const workDir = await mkdtemp(join(tmpdir(), "meetbot-loopback-"));
  const loopback = await startLoopback({
    fixture,
    workDir,
    daveProtocolVersion: options.dave ? 1 : 0,
    ...(options.encryptionMode === undefined ? {} : { encryptionModes: [options.encryptionMode] }),
    ...(log === undefined ? {} : { log }),
  });
  try {
    return await use({ fixture, loopback, workDir });
  } finally {
    await loopback.close();
    await rm(workDir, { recursive: true, force: true });
  }
}

function refuseRecording(folder: string): void {
  const holds = (name: string): boolean => existsSync(join(folder, name));
  if (holds(CALL_SCRIPT_FILE) || !(holds(MANIFEST_FILE) || holds(PROVISIONAL_FILE))) return;
  throw new InputError(
    `${folder}: a recording, which lacks a fixture's ${CALL_SCRIPT_FILE}; MEETBOT_CAPTURE_DIR makes fixtures of calls; to see and hear the recording: ${typed("report", folder)}`,
  );
}
