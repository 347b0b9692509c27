import { realpath, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { hasCode, InputError } from "../errors.ts";
import type { Config } from "../settings/load.ts";

/** A folder that a setting names; it may not exist yet. */
export interface NamedFolder {
  readonly setting: string;
  readonly path: string;
}

/** The folders that a job writes to. */
export function foldersOf({ spool, storage, captureDirectory }: Config): NamedFolder[] {
  return [
    { setting: "MEETBOT_SPOOL_DIR", path: spool.directory },
    ...(storage.kind === "file" ? [{ setting: "MEETBOT_STORAGE_URI", path: storage.directory }] : []),
    ...(captureDirectory === undefined ? [] : [{ setting: "MEETBOT_CAPTURE_DIR", path: captureDirectory }]),
  ];
}

/** An existing folder without links, and the missing names below it. */
interface Position {
  readonly identity: string;
  readonly rest: string;
}

/**
 * Refuses nested or equal folders, because the spool is emptied once its files are stored, which would empty the
 * storage too. It resolves links, relative paths and folders that are mounted twice.
 *
 * @throws InputError with both settings
 */
export async function refuseSharedFolders(folders: readonly NamedFolder[]): Promise<void> {
  const placed = await Promise.all(folders.map(async (folder) => ({ folder, chain: await positionsOf(folder.path) })));
  for (const [index, { folder, chain }] of placed.entries()) {
    for (const other of placed.slice(index + 1)) {
      const inside = isInside(chain, other.chain);
      const around = isInside(other.chain, chain);
      if (!inside && !around) continue;
      const relation = inside && around ? "the same folder" : "one inside the other";
      throw new InputError(
        `${folder.setting} and ${other.folder.setting}: ${folder.path} and ${other.folder.path} are ${relation}, expected two folders, neither inside the other`,
      );
    }
  }
}

function isInside(chain: readonly Position[], other: readonly Position[]): boolean {
  const [top] = other;
  return (
    top !== undefined &&
    chain.some(({ identity, rest }) => identity === top.identity && `${rest}/`.startsWith(`${top.rest}/`))
  );
}

/** The path relative to its deepest existing folder, then to each parent up to the root. */
async function positionsOf(path: string): Promise<Position[]> {
  const { folder, rest } = await deepest(path);
  const positions: Position[] = [];
  let [at, below] = [folder, rest];
  for (;;) {
    positions.push({ identity: await identityOf(at), rest: below });
    if (at === dirname(at)) return positions;
    below = join("/", basename(at), below);
    at = dirname(at);
  }
}

/** @returns the deepest existing part of a path, without links, and the rest: empty, or `/name/name` */
async function deepest(path: string): Promise<{ folder: string; rest: string }> {
  let rest = "";
  for (let at = path; ; at = dirname(at)) {
    try {
      return { folder: await realpath(at), rest };
    } catch (error) {
      // Other errors will appear when the folder is created.
      if (at === dirname(at) || !isUnreachable(error)) throw error;
      rest = join("/", basename(at), rest);
    }
  }
}

function isUnreachable(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR", "EACCES", "ELOOP"].some((code) => hasCode(error, code));
}

async function identityOf(folder: string): Promise<string> {
  const { dev, ino } = await stat(folder, { bigint: true });
  return `${dev}:${ino}`;
}
