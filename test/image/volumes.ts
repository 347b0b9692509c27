import { join } from "node:path";
import { RECORDINGS_PATH, SPOOL_PATH } from "../../src/kubernetes/image.ts";
import { asRoot } from "./as-root.ts";
import type { BuiltImage } from "./image.ts";

/** Folders of this machine for a container's volumes. */
export interface Volumes {
  readonly recordings: string;
  /** The same folders by their paths inside. */
  readonly mounts: Readonly<Record<string, string>>;
}

/**
 * Makes what the documented command mounts: a folder for recordings, and a new volume for the spool, which Docker gives the
 * owner and the rights of the image's folder.
 *
 * @param directory in which they are made
 * @param owner of the folder for recordings
 */
export async function makeVolumes({ root }: BuiltImage, directory: string, owner: number): Promise<Volumes> {
  const recordings = join(directory, "recordings");
  const spool = join(directory, "spool");
  await asRoot("install", "-d", "-o", `${owner}`, "-g", `${owner}`, recordings);
  const [uid = "", gid = "", mode = ""] = (await asRoot("stat", "-c", "%u:%g:%a", join(root, SPOOL_PATH))).split(":");
  await asRoot("install", "-d", "-o", uid, "-g", gid, "-m", mode, spool);
  return { recordings, mounts: { [RECORDINGS_PATH]: recordings, [SPOOL_PATH]: spool } };
}

/** Lets this user read what a container's user stored. */
export async function takeOver({ recordings }: Volumes): Promise<void> {
  await asRoot("chown", "-R", `${process.getuid?.()}`, recordings);
}
