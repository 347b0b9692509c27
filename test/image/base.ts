import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { asRoot } from "./as-root.ts";
import type { MachineSettings } from "./machine-settings.ts";
import { run } from "./run.ts";
import type { ImageStore } from "./store.ts";

/** The parts of the image `node:24-slim` that the Dockerfile uses. */
const DEBIAN_RELEASE = "bookworm";
const NODE = fileURLToPath(new URL("../../node_modules/node/bin/node", import.meta.url));
const NPM = "npm@11.19.1";
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Makes a base image that the Dockerfile can be built on without an image registry: Debian from its mirror, Node and npm
 * from npm's registry, and the user 1000 that Node's official images have.
 *
 * @param name of the image
 */
export async function makeBase(store: ImageStore, name: string, { mounts }: MachineSettings): Promise<void> {
  const { container, root } = await store.mounted("scratch");
  await asRoot("debootstrap", "--variant=minbase", DEBIAN_RELEASE, root);
  const local = join(store.directory, "local");
  await run("npm", ["install", "--global", "--prefix", local, NPM]);
  await copyFile(NODE, join(local, "bin", "node"));
  await asRoot("cp", "-R", "--no-target-directory", local, join(root, "usr", "local"));
  await asRoot("chown", "-R", "0:0", join(root, "usr", "local"));
  await asRoot("chroot", root, "groupadd", "--gid", "1000", "node");
  await asRoot("chroot", root, "useradd", "--uid", "1000", "--gid", "node", "--create-home", "node");
  await asRoot("rm", "-rf", join(root, "var", "cache", "apt"), join(root, "var", "lib", "apt", "lists"));
  // A mount needs a file to be mounted on, which a later layer would have otherwise.
  for (const { inside } of mounts) await asRoot("install", "-D", "/dev/null", join(root, inside));
  await store.buildah("config", "--env", `PATH=${PATH}`, container);
  await store.buildah("commit", "--quiet", "--rm", container, name);
}
