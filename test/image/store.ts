import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asRoot } from "./as-root.ts";

/** Images and containers of buildah in a folder of their own, so that nothing is left on the machine. */
export class ImageStore {
  /** For other files of the test. */
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async create(): Promise<ImageStore> {
    const store = new ImageStore(await mkdtemp(join(tmpdir(), "meetbot-image-")));
    // The image's users must reach the folders that are mounted from here.
    await asRoot("chmod", "755", store.directory);
    await mkdir(join(store.directory, "images"));
    return store;
  }

  /** @returns what buildah prints */
  buildah(command: string, ...args: string[]): Promise<string> {
    const { directory } = this;
    const places = ["--root", join(directory, "images", "root"), "--runroot", join(directory, "images", "run")];
    return asRoot("buildah", ...places, command, ...args);
  }

  /** @returns where the files of a new container of an image are; `scratch` is the empty image */
  async mounted(image: string): Promise<{ readonly container: string; readonly root: string }> {
    const container = await this.buildah("from", "--pull-never", image);
    return { container, root: await this.buildah("mount", container) };
  }

  async remove(): Promise<void> {
    await this.buildah("rm", "--all");
    await this.buildah("rmi", "--all", "--force");
    await asRoot("rm", "-rf", "--one-file-system", this.directory);
  }
}
