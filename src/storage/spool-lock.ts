import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { link, lstat, lutimes, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import * as z from "zod";
import { hasCode, InputError } from "../errors.ts";
import { FILE_MODE, readOwnFile } from "../own-files.ts";
import { startOf, thisRealm } from "../process-identity.ts";
import { LOCK_FILE } from "../session/job-files.ts";

/** How often a holder touches its lock. */
const TOUCH_MS = 2_000;
/** If a holder in another container has not touched its lock for this long, it has died. */
const STALE_MS = 5 * TOUCH_MS;
const MAX_LOCK_BYTES = 10_000;

const holderSchema = z.object({
  id: z.string(),
  pid: z.number().int().min(1),
  /** When the process started, in clock ticks since boot, because pids are reused. Null if unknown. */
  startTicks: z.string().nullable(),
  /** Host, boot and pid namespace. Processes with the same three can see each other. */
  realm: z.string(),
});
/** The contents of a lock file. `realm` has been the key for the namespace since the first version. */
type Holder = Omit<z.infer<typeof holderSchema>, "realm"> & { readonly pidNamespace: string };
/** A loss of power leaves a file of zeros, or an empty one. Its holder is unknown, so the file's age decides. */
const LOST: Holder = { id: "", pid: 0, startTicks: null, pidNamespace: "" };

/**
 * Keeps a second process out of a job's folder. A file names the holder. If both run in the same container, /proc says
 * if the holder is alive; if they only share a volume, the file's age decides. The system's advisory locks would need a
 * native module.
 */
export class SpoolLock {
  readonly #path: string;
  readonly #holder: Holder;
  readonly #touching: NodeJS.Timeout;
  #released: Promise<void> | undefined;

  private constructor(path: string, holder: Holder) {
    this.#path = path;
    this.#holder = holder;
    this.#touching = setInterval(() => {
      const now = new Date();
      // A lock that cannot be touched (a full disk can) will look abandoned to others; nothing can be done about that.
      lutimes(path, now, now).catch(() => undefined);
    }, TOUCH_MS);
    this.#touching.unref();
  }

  /** @throws InputError if another process has the folder */
  static async acquire(directory: string): Promise<SpoolLock> {
    const path = join(directory, LOCK_FILE);
    const holder = thisProcess();
    for (;;) {
      if (await place(path, holder)) return new SpoolLock(path, holder);
      const other = await readHolder(path);
      if (other === undefined) continue; // released a moment ago
      if (await isAlive(path, other)) {
        throw new InputError(
          `MEETBOT_SPOOL_DIR: ${directory} is in use by ${nameOf(other)}; one process at a time may have a job's folder, so wait for it or stop it`,
        );
      }
      await removeStale(path, other);
    }
  }

  /**
   * Whether a live process holds a job's folder; changes nothing. Takes a few seconds if the holder cannot be checked.
   */
  static async isHeld(directory: string): Promise<boolean> {
    const path = join(directory, LOCK_FILE);
    const holder = await readHolder(path);
    return holder !== undefined && (await isAlive(path, holder));
  }

  /**
   * Creates the lock again after it was deleted.
   *
   * @throws InputError if another process has taken the folder meanwhile
   */
  async restore(): Promise<void> {
    if (await place(this.#path, this.#holder)) return;
    const other = await readHolder(this.#path);
    if (other === undefined || other.id === this.#holder.id) return;
    throw new InputError(`${this.#path}: ${nameOf(other)} has taken the folder after it was deleted`);
  }

  /** Idempotent. */
  release(): Promise<void> {
    this.#released ??= this.#release();
    return this.#released;
  }

  async #release(): Promise<void> {
    clearInterval(this.#touching);
    if ((await readHolder(this.#path))?.id === this.#holder.id) await rm(this.#path, { force: true });
  }
}

/**
 * Creates the lock atomically: `link` fails if it exists. Several files can find at the same time that their folder was
 * deleted, so each call has a draft of its own.
 */
async function place(path: string, { pidNamespace: realm, ...holder }: Holder): Promise<boolean> {
  const draft = `${path}.${randomUUID()}`;
  try {
    await writeFile(draft, JSON.stringify({ ...holder, realm }), { flag: "wx", mode: FILE_MODE });
    await link(draft, path);
    return true;
  } catch (error) {
    // A process that has just taken the folder may have removed the draft as a leftover.
    if (hasCode(error, "EEXIST") || (hasCode(error, "ENOENT") && existsSync(dirname(path)))) return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** Removes the lock of a dead process. If another process has replaced it in the meantime, puts that lock back. */
async function removeStale(path: string, stale: Holder): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return;
    throw error;
  }
  if ((await readHolder(aside))?.id !== stale.id) await link(aside, path);
  await rm(aside, { force: true });
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    const bytes = await readOwnFile(path, MAX_LOCK_BYTES);
    if (bytes.every((byte) => byte === 0)) return LOST;
    const { realm: pidNamespace, ...holder } = holderSchema.parse(JSON.parse(bytes.toString("utf8")));
    return { ...holder, pidNamespace };
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw new InputError(`${path}: not a lock of this program; remove it if no worker uses the folder`, {
      cause: error,
    });
  }
}

function nameOf(holder: Holder): string {
  return holder === LOST ? "another process" : `process ${holder.pid}`;
}

async function isAlive(path: string, { pid, startTicks, pidNamespace }: Holder): Promise<boolean> {
  if (pidNamespace === ownPidNamespace())
    return startTicks === null ? answersSignals(pid) : startOf(pid) === startTicks;
  const before = await touchedAt(path);
  for (let waitedMs = 0; waitedMs < STALE_MS; waitedMs += TOUCH_MS / 4) {
    await setTimeout(TOUCH_MS / 4);
    if ((await touchedAt(path)) !== before) return true;
  }
  return false;
}

async function touchedAt(path: string): Promise<number | undefined> {
  try {
    return (await lstat(path)).mtimeMs;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

function thisProcess(): Holder {
  return {
    id: randomUUID(),
    pid: process.pid,
    startTicks: startOf(process.pid) ?? null,
    pidNamespace: ownPidNamespace(),
  };
}

function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, "EPERM");
  }
}

/** Host, boot and pid namespace; only the combination is unique. */
function ownPidNamespace(): string {
  const { host, boot, namespace } = thisRealm();
  return [host, boot, namespace].join(" ");
}
