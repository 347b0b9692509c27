import { randomUUID } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { hasCode, InputError, messageOf } from "../errors.ts";
import { FILE_MODE, NEW_FILE } from "../own-files.ts";
import { type Sealer, StoreUnavailableError } from "../service/ports/store.ts";
import { parseSealingKeys, readKeyFile } from "../service/secrets/key-file.ts";
import { createSealer } from "../service/secrets/sealer.ts";
import { type CopiedDatabase, checkSqliteCopy, copySqlite, type SealedText } from "../service/store/sqlite-backup.ts";
import type { ServiceConfig } from "../settings/service.ts";
import { whyUnwritable } from "../unwritable.ts";
import { dataFiles, lockDataFolder, sizeOf } from "./service-data.ts";

const SEALING_KEY_SETTING = "MEETBOT_SERVICE_SEALING_KEY";

type Place = Pick<ServiceConfig, "dataDirectory" | "database" | "sealingKey">;

/** What was copied, and the name of the file or setting with the keys that open its secrets. */
export interface BackedUp extends CopiedDatabase {
  readonly bytes: number;
  readonly sealingKey: string;
}

/**
 * Copies the database to a new file that only its user can read, also while the service runs. The sealing key is not
 * copied: a backup without it gives no secret away.
 *
 * @throws InputError
 */
export async function backUp(place: Place, file: string): Promise<BackedUp> {
  expectSqlite(place, "pg_dump");
  const { database } = dataFiles(place.dataDirectory);
  if ((await sizeOf(database)) === undefined) {
    throw new InputError(`MEETBOT_SERVICE_DATA_DIR: there is no database ${database}, so there is nothing to back up`);
  }
  const target = resolve(file);
  // Holds the name until the copy is whole.
  await createFile(target);
  try {
    const copied = await copyInto(database, target, (draft) => checkSqliteCopy(draft, database));
    return { ...copied, bytes: (await sizeOf(target)) ?? 0, sealingKey: sealingKeyOf(place) };
  } catch (error) {
    await rm(target, { force: true });
    throw error;
  }
}

/** What was restored, and where the database is that it replaced; undefined if there was none. */
export interface Restored extends CopiedDatabase {
  readonly replaced: string | undefined;
}

/**
 * Puts a backup into a data folder. Checks first that the backup is whole, that this version can read it, and that the
 * sealing key opens every secret in it.
 *
 * @param replaces whether a database that is there is moved to a folder next to it; otherwise it is refused
 * @throws InputError; the data folder is as before then
 */
export async function restore(place: Place, file: string, replaces: boolean): Promise<Restored> {
  expectSqlite(place, "pg_restore");
  const source = resolve(file);
  if ((await sizeOf(source)) === undefined) throw new InputError(`there is no file ${source}, expected a backup`);
  const lock = await lockDataFolder(place.dataDirectory, 0);
  try {
    const { database, sealingKey } = dataFiles(place.dataDirectory);
    const earlier: string[] = [];
    for (const path of [database, `${database}-wal`, `${database}-shm`]) {
      if ((await sizeOf(path)) !== undefined) earlier.push(path);
    }
    const [first] = earlier;
    if (first !== undefined && !replaces) {
      throw new InputError(
        `${first} exists, expected a data folder without a database; add --replace to keep it in a folder next to it`,
      );
    }
    let replaced: string | undefined;
    const sealer = createSealer(
      place.sealingKey === undefined
        ? await readKeyFile(sealingKey)
        : parseSealingKeys(place.sealingKey, SEALING_KEY_SETTING),
    );
    const checkAll = (draft: string): CopiedDatabase => {
      const copied = checkSqliteCopy(draft, source);
      for (const each of copied.sealed) expectOpens(sealer, each, sealingKeyOf(place));
      return copied;
    };
    const copied = await copyInto(source, database, checkAll, async () => {
      if (first !== undefined) replaced = await moveAside(earlier, place.dataDirectory);
    });
    return { ...copied, replaced };
  } finally {
    lock.release();
  }
}

function expectSqlite({ database }: Place, tool: string): void {
  if (database === undefined) return;
  throw new InputError(
    `MEETBOT_SERVICE_DATABASE: this command copies the SQLite file of a data folder, and the jobs are in PostgreSQL; use ${tool}, see docs/operate/service.md`,
  );
}

/** Moves a database and what belongs to it to a new folder. The database is first, because the others mean nothing without it. */
async function moveAside(files: readonly string[], dataDirectory: string): Promise<string> {
  const folder = join(dataDirectory, `replaced-${new Date().toISOString().replace(/[:.]/g, "-")}`);
  await mkdir(folder, { mode: 0o700 });
  for (const path of files) await rename(path, join(folder, basename(path)));
  await sync(folder);
  return folder;
}

/**
 * Copies a database next to its last place, and moves it there only after it was checked and is on the disk.
 *
 * @param makeRoom called before it is moved
 */
async function copyInto(
  from: string,
  to: string,
  check: (draft: string) => CopiedDatabase,
  makeRoom: () => Promise<void> = async () => undefined,
): Promise<CopiedDatabase> {
  const draft = `${to}.${randomUUID()}.part`;
  await createFile(draft);
  try {
    await copySqlite(from, draft);
    const copied = check(draft);
    await sync(draft);
    await makeRoom();
    await rename(draft, to);
    await sync(dirname(to));
    return copied;
  } catch (error) {
    if (error instanceof StoreUnavailableError) throw new InputError(error.message, { cause: error });
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function createFile(path: string): Promise<void> {
  try {
    await (await open(path, NEW_FILE, FILE_MODE)).close();
  } catch (error) {
    if (hasCode(error, "EEXIST")) throw new InputError(`${path} exists, expected the name of a new file`);
    throw new InputError(`cannot write ${path}: ${await whyUnwritable(dirname(path), error)}`, { cause: error });
  }
}

async function sync(path: string): Promise<void> {
  const handle = await open(path);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function expectOpens(sealer: Sealer, { sealed, purpose }: SealedText, origin: string): void {
  try {
    sealer.open(sealed, purpose);
  } catch (error) {
    throw new InputError(
      `${origin} does not open the secrets of this backup (${messageOf(error)}); use the sealing key that the service had when it was made`,
      { cause: error },
    );
  }
}

function sealingKeyOf({ dataDirectory, sealingKey }: Place): string {
  return sealingKey === undefined ? dataFiles(dataDirectory).sealingKey : SEALING_KEY_SETTING;
}
