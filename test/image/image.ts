import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import { asRoot } from "./as-root.ts";
import { makeBase } from "./base.ts";
import { machineSettings } from "./machine-settings.ts";
import type { ImageStore } from "./store.ts";

const SOURCE = fileURLToPath(new URL("../..", import.meta.url));
const BASE = "localhost/base-of-the-test";
const IMAGE = "localhost/meetbot-discord";

const imageConfig = z.object({
  User: z.string(),
  Env: z.array(z.string()),
  Entrypoint: z.array(z.string()),
  WorkingDir: z.string(),
  StopSignal: z.string(),
  Volumes: z.record(z.string(), z.unknown()),
  Healthcheck: z.object({ Test: z.array(z.string()) }),
});
const pushed = z.object({ layers: z.array(z.object({ digest: z.string(), size: z.number() })) });

/** The start of a container, by the names of Docker's image specification. */
export type ImageConfig = z.infer<typeof imageConfig>;

/** A file of a layer. */
export interface LayerFile {
  /** Without a slash at the start. */
  readonly path: string;
  readonly bytes: number;
}

export interface BuiltImage {
  readonly config: ImageConfig;
  /** The whole description of the image, with its history. */
  readonly description: string;
  /** Where its files are. */
  readonly root: string;
  /** Where the tar files of the layers are, which the Dockerfile adds to its base. */
  readonly layers: readonly string[];
  readonly files: readonly LayerFile[];
  /** The compressed bytes of these layers, as a registry transfers them. */
  readonly compressedBytes: number;
}

/**
 * Builds the Dockerfile as it is.
 *
 * @param secret a line of npm's configuration while the image is built
 */
export async function buildImage(store: ImageStore, secret: string): Promise<BuiltImage> {
  const settings = await machineSettings(store.directory, secret);
  await makeBase(store, BASE, settings);
  const volumes = settings.mounts.flatMap(({ outside, inside }) => ["--volume", `${outside}:${inside}:ro`]);
  const where = ["--isolation", "chroot", "--network", "host", "--pull-never", ...volumes];
  const values = ["--build-arg", `BASE=${BASE}`, "--build-arg", `NPM_CONFIG_REGISTRY=${settings.registry}`];
  // Only Docker's format has a health check.
  await store.buildah("bud", ...where, "--format", "docker", ...values, "--tag", IMAGE, SOURCE);
  const description = await store.buildah("inspect", "--type", "image", IMAGE);
  const { root } = await store.mounted(IMAGE);
  const layers = await addedLayers(store);
  const listings = await Promise.all(layers.map(({ path }) => asRoot("tar", "--list", "--verbose", "--file", path)));
  return {
    description,
    config: imageConfig.parse(JSON.parse(description).Docker.config),
    root,
    layers: layers.map(({ path }) => path),
    files: listings.flatMap((listing) => filesIn(listing)),
    compressedBytes: layers.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** The layers that the base does not have, compressed. */
async function addedLayers(store: ImageStore): Promise<{ path: string; bytes: number }[]> {
  const layersOf = async (image: string, folder: string) => {
    const directory = join(store.directory, folder);
    await store.buildah("push", "--quiet", image, `dir:${directory}`);
    const { layers } = pushed.parse(JSON.parse(await readFile(join(directory, "manifest.json"), "utf8")));
    return layers.map(({ digest, size }) => ({ path: join(directory, digest.replace("sha256:", "")), bytes: size }));
  };
  const base = await layersOf(BASE, "base");
  return (await layersOf(IMAGE, "image")).slice(base.length);
}

/** The files, without folders, of what `tar --list --verbose` prints: rights, owner, bytes, date, time, path. */
function filesIn(listing: string): LayerFile[] {
  return listing.split("\n").flatMap((line) => {
    const [, bytes, path] = /^-\S+ +\S+ +(\d+) +\S+ +\S+ (.+)$/.exec(line) ?? [];
    return bytes === undefined || path === undefined ? [] : [{ path, bytes: Number(bytes) }];
  });
}
