import { randomBytes } from "node:crypto";
import { open, stat } from "node:fs/promises";
import { hasCode, InputError } from "../../errors.ts";
import { FILE_MODE, NEW_FILE, readOwnFile } from "../../own-files.ts";
import { SEALING_KEY_BYTES } from "./sealer.ts";

const MAX_KEY_FILE_BYTES = 65_536;
const MODE_OF_OTHERS = 0o077;

/**
 * Reads keys from a file or an environment variable: Base64, separated by line ends or commas, newest first.
 *
 * @param origin the name in errors, which never show the keys themselves
 * @throws InputError
 */
export function parseSealingKeys(text: string, origin: string): Buffer[] {
  const keys = text.split(/[\s,]+/).filter((line) => line !== "");
  const decoded = keys.map((key) => Buffer.from(key, "base64"));
  if (decoded.length > 0 && decoded.every((key) => key.length === SEALING_KEY_BYTES)) return decoded;
  throw new InputError(
    `${origin}: expected keys of ${SEALING_KEY_BYTES} bytes in Base64, one a line, the newest first; openssl rand -base64 32 makes one`,
  );
}

/**
 * Reads the keys from a file that only its user may read. If there is no file, makes one with a new key.
 *
 * @throws InputError
 */
export async function openKeyFile(path: string): Promise<Buffer[]> {
  try {
    return await readKeys(path);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
  try {
    await writeKey(path);
  } catch (error) {
    // Another process made it first.
    if (!hasCode(error, "EEXIST")) throw error;
  }
  return await readKeys(path);
}

/**
 * Reads the keys of a file that must be there.
 *
 * @throws InputError
 */
export async function readKeyFile(path: string): Promise<Buffer[]> {
  try {
    return await readKeys(path);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
    throw new InputError(`there is no sealing key ${path}; put the file there that the service had, with mode 0600`);
  }
}

async function readKeys(path: string): Promise<Buffer[]> {
  const bytes = await readOwnFile(path, MAX_KEY_FILE_BYTES);
  const { mode } = await stat(path);
  if ((mode & MODE_OF_OTHERS) !== 0) {
    throw new InputError(`${path}: others can read the sealing key, expected mode 0600; run chmod 600 on it`);
  }
  return parseSealingKeys(bytes.toString("utf8"), path);
}

async function writeKey(path: string): Promise<void> {
  const file = await open(path, NEW_FILE, FILE_MODE);
  try {
    await file.writeFile(`${randomBytes(SEALING_KEY_BYTES).toString("base64")}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}
