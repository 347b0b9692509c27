import { access, constants, stat, statfs } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import { hasCode, InputError, messageOf } from "../errors.ts";
import { makeFolder } from "../files.ts";
import { readOwnFile, writeNote } from "../own-files.ts";
import { startOf } from "../process-identity.ts";
import { type Sealer, type Store, StoreUnavailableError } from "../service/ports/store.ts";
import { openKeyFile, parseSealingKeys } from "../service/secrets/key-file.ts";
import { createSealer } from "../service/secrets/sealer.ts";
import { linkKeys } from "../service/shared-link/token.ts";
import { type FileLock, lockFile } from "../service/store/file-lock.ts";
import type { DatabaseLock } from "../service/store/postgres-lock.ts";
import { openSqliteStore } from "../service/store/sql-store.ts";
import type { ServiceConfig } from "../settings/service.ts";
import { quoted } from "../text/shell-words.ts";
import { whyUnwritable } from "../unwritable.ts";

/** A command such as `keys` has the lock for some milliseconds while it changes the tables. */
const LOCK_WAIT_MS = 2_000;
const MAX_NOTE_BYTES = 10_000;

type Place = Pick<ServiceConfig, "dataDirectory" | "database" | "sealingKey">;

/** The database and the key that opens its secrets: what the service and `keys` share. */
export interface ServiceData {
  readonly store: Store;
  readonly sealer: Sealer;
  /** Keys that sign links to recordings, newest first. */
  readonly linkKeys: readonly Buffer[];
  /** Bytes of the database. */
  databaseBytes(): Promise<number>;
}

/** The files of a data folder that are the service's own; those of its jobs are in folders. */
export function dataFiles(dataDirectory: string) {
  return {
    database: join(dataDirectory, "service.db"),
    sealingKey: join(dataDirectory, "sealing.key"),
    lock: join(dataDirectory, "service.lock"),
    /** Who has the lock. */
    holder: join(dataDirectory, "service.pid"),
    /** Where workers report. */
    address: join(dataDirectory, "ingest.address"),
  };
}

const holderNote = z.object({ pid: z.number().int(), start: z.string(), host: z.string() });

/**
 * Makes the data folder if it is missing, and keeps other services off it until this process ends.
 *
 * @throws InputError with the process that has the folder, or why it cannot be used; nothing was changed then
 */
export async function lockDataFolder(dataDirectory: string, waitMs = LOCK_WAIT_MS): Promise<FileLock> {
  await makeDataFolder(dataDirectory);
  const files = dataFiles(dataDirectory);
  const lock = usable(files.lock, () => lockFile(files.lock, waitMs));
  if (lock === undefined) {
    throw new InputError(
      `MEETBOT_SERVICE_DATA_DIR: ${dataDirectory} is in use by ${await holderOf(files.holder)}; one service at a time may have a data folder, so stop that one, or name another folder`,
    );
  }
  const holder = { pid: process.pid, start: startOf(process.pid) ?? "", host: hostname() };
  await writeNote(files.holder, JSON.stringify(holder));
  return lock;
}

/**
 * Opens the data folder of a service that was started before, for a command that runs next to it or without it.
 *
 * @throws InputError, also if the folder has no service yet; nothing was made then
 */
export async function openExistingData(place: Place): Promise<ServiceData> {
  if (!(await hasDatabase(place))) {
    throw new InputError(
      `MEETBOT_SERVICE_DATA_DIR: ${place.dataDirectory} has no service yet; set it to the data folder of your service, or start one there with serve`,
    );
  }
  return await openSharedData(place);
}

/**
 * Whether a service or `keys create` has made its database there. A PostgreSQL database is always one that somebody has made.
 *
 * @throws InputError if that cannot be seen
 */
export async function hasDatabase({ dataDirectory, database }: Place): Promise<boolean> {
  if (database !== undefined) return true;
  try {
    return (await sizeOf(dataFiles(dataDirectory).database)) !== undefined;
  } catch (error) {
    if (hasCode(error, "ENOTDIR")) return false;
    const reason = await whyUnwritable(dataDirectory, error);
    throw new InputError(`MEETBOT_SERVICE_DATA_DIR: cannot use ${dataDirectory}: ${reason}`, { cause: error });
  }
}

/**
 * Opens the data folder for a command that runs next to the service, or without it. Makes what is missing.
 *
 * @throws InputError
 */
export async function openSharedData(place: Place): Promise<ServiceData> {
  await makeDataFolder(place.dataDirectory);
  const { lock: path } = dataFiles(place.dataDirectory);
  const lock = usable(path, () => lockFile(path, 0));
  try {
    return await openData(place, lock !== undefined);
  } finally {
    lock?.release();
  }
}

/**
 * Opens sealing key and database. Makes them if they are missing.
 *
 * @param mayMigrate false if a service runs, whose tables these are
 * @throws InputError
 */
export async function openData(place: Place, mayMigrate: boolean): Promise<ServiceData> {
  const { database, sealingKey } = dataFiles(place.dataDirectory);
  const keys =
    place.sealingKey === undefined
      ? await openKeyFile(sealingKey)
      : parseSealingKeys(place.sealingKey, "MEETBOT_SERVICE_SEALING_KEY");
  const sealer = createSealer(keys);
  try {
    const { store, size } =
      place.database === undefined
        ? { store: await openSqliteStore(database, mayMigrate), size: () => fileBytes(database) }
        : await openPostgres(place.database, mayMigrate);
    return { store, sealer, linkKeys: linkKeys(keys), databaseBytes: size };
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    throw unusable(place.database === undefined ? database : "MEETBOT_SERVICE_DATABASE", error);
  }
}

/**
 * Keeps other services off the database until this process ends. An SQLite file needs no lock besides its folder's.
 *
 * @throws InputError if another service has it
 */
export async function lockDatabase({ database }: Pick<Place, "database">): Promise<DatabaseLock | undefined> {
  if (database === undefined) return undefined;
  const { lockPostgres } = await import("../service/store/postgres-lock.ts");
  const lock = await lockPostgres(database).catch((error: unknown) => {
    if (error instanceof StoreUnavailableError) throw unusable("MEETBOT_SERVICE_DATABASE", error);
    throw error;
  });
  if (lock !== undefined) return lock;
  throw new InputError(
    "MEETBOT_SERVICE_DATABASE: another service uses this database; one service at a time may have it, so stop that one, or name another database",
  );
}

/** Its code is loaded only if it is used. */
async function openPostgres(address: string, mayMigrate: boolean) {
  const { openPostgresStore } = await import("../service/store/postgres-store.ts");
  return await openPostgresStore(address, mayMigrate);
}

/** Bytes of an SQLite database with its write-ahead log. */
async function fileBytes(database: string): Promise<number> {
  const sizes = await Promise.all([database, `${database}-wal`].map(sizeOf));
  return sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
}

/** Bytes that are free for the data folder. */
export async function freeBytesFor(dataDirectory: string): Promise<number> {
  const { bavail, bsize } = await statfs(dataDirectory);
  return bavail * bsize;
}

/** @returns undefined if there is no such file */
export async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

async function makeDataFolder(dataDirectory: string): Promise<void> {
  try {
    await makeFolder(dataDirectory);
  } catch (error) {
    const reason = await whyUnwritable(dataDirectory, error);
    throw new InputError(`MEETBOT_SERVICE_DATA_DIR: cannot make ${dataDirectory}: ${reason}`, { cause: error });
  }
  // SQLite says only that it is unable to open its file.
  try {
    await access(dataDirectory, constants.W_OK | constants.X_OK);
  } catch (error) {
    const reason = await whyUnwritable(dataDirectory, error);
    throw new InputError(`MEETBOT_SERVICE_DATA_DIR: cannot write in ${dataDirectory}: ${reason}`, { cause: error });
  }
  const { lock, holder, address, database, sealingKey } = dataFiles(dataDirectory);
  const changed = [lock, database, `${database}-wal`, `${database}-shm`];
  for (const path of changed) await expectUsable(path, dataDirectory, constants.R_OK | constants.W_OK);
  for (const path of [sealingKey, holder, address]) await expectUsable(path, dataDirectory, constants.R_OK);
}

/** Another user may have made a file of the folder, such as root with `keys create`. */
async function expectUsable(path: string, dataDirectory: string, mode: number): Promise<void> {
  try {
    await access(path, mode);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return;
    const [user, group] = [process.geteuid?.(), process.getegid?.()];
    const { uid } = await stat(path);
    const what = `MEETBOT_SERVICE_DATA_DIR: cannot use ${path}`;
    if (uid === user || user === undefined) {
      throw new InputError(`${what}: ${messageOf(error)}; run chmod 600 on it`, { cause: error });
    }
    throw new InputError(
      `${what}: it belongs to user ${uid}, and this process runs as user ${user}; run sudo chown -R ${user}:${group} ${quoted(dataDirectory)}, or run this command as user ${uid}`,
      { cause: error },
    );
  }
}

function usable<Result>(path: string, use: () => Result): Result {
  try {
    return use();
  } catch (error) {
    if (error instanceof StoreUnavailableError) throw unusable(path, error);
    throw error;
  }
}

function unusable(path: string, error: Error): InputError {
  const text = `${path} cannot be used (${error.message}); docs/operate/service.md says what to do`;
  return new InputError(text, { cause: error });
}

/** The lock says that somebody has the folder, and this note says who. It may still be the one of the holder before. */
async function holderOf(path: string): Promise<string> {
  const note = await readOwnFile(path, MAX_NOTE_BYTES).catch((error: unknown) => {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  });
  const holder = note && holderNote.parse(JSON.parse(note.toString("utf8")));
  if (holder === undefined) return "another process";
  if (holder.host !== hostname()) return `process ${holder.pid} of host ${holder.host}`;
  return startOf(holder.pid) === holder.start ? `process ${holder.pid}` : "another process";
}
