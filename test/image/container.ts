import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { readFile } from "node:fs/promises";
import { asRoot, rootCommand } from "./as-root.ts";
import type { BuiltImage } from "./image.ts";

export interface ContainerOptions {
  /** Instead of the image's user; the group has the same number. */
  readonly user?: number;
  /** Folders of this machine by their paths inside, as `docker run --volume` mounts them. */
  readonly volumes?: Readonly<Record<string, string>>;
  /** Variables in addition to the image's. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Whether there is an empty /tmp that can be written to, as with `--tmpfs /tmp`. */
  readonly hasTmp?: boolean;
  /** Instead of the image's entry point. */
  readonly entrypoint?: readonly string[];
}

export interface ContainerRun {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Sets up the environment of a process under `docker run --read-only`: the image's files with nothing to write to,
 * /proc, four devices, the volumes. The arguments are the root, `yes` for a /tmp, pairs of volumes up to `--`, and the
 * command.
 */
const SET_UP = `
set -e
root="$1"; has_tmp="$2"; shift 2
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero random urandom; do : > "$root/dev/$device"; mount --bind "/dev/$device" "$root/dev/$device"; done
if [ "$has_tmp" = yes ]; then mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"; fi
while [ "$1" != -- ]; do mkdir -p "$root$1"; mount --bind "$2" "$root$1"; shift 2; done
shift
mount -o remount,bind,ro "$root"
exec setpriv --no-new-privs chroot "$@"
`;

/** A process in the image's files, which is process 1 there. */
export class Container {
  readonly result: Promise<ContainerRun>;
  readonly #child: ChildProcess;
  readonly #image: BuiltImage;
  readonly #variables: readonly string[];
  readonly #printed = new EventEmitter();
  #stdout = "";
  #stderr = "";

  constructor(image: BuiltImage, command: readonly string[], options: ContainerOptions = {}) {
    this.#image = image;
    const { Env, User, Entrypoint, WorkingDir } = image.config;
    const user = options.user === undefined ? User : `${options.user}:${options.user}`;
    const given = Object.entries(options.environment ?? {}).map(([name, value]) => `${name}=${value}`);
    this.#variables = [...Env, ...given];
    const process1 = ["env", "-i", `--chdir=${WorkingDir}`, ...this.#variables, ...(options.entrypoint ?? Entrypoint)];
    const volumes = Object.entries(options.volumes ?? {}).flat();
    const chroot = [`--userspec=${user}`, "--groups=", image.root, ...process1, ...command];
    const setUp = ["sh", "-c", SET_UP, "sh", image.root, options.hasTmp === true ? "yes" : "no", ...volumes, "--"];
    const isolated = ["--mount", "--pid", "--fork", "--kill-child", ...setUp, ...chroot];
    const { file, args } = rootCommand("unshare", isolated);
    this.#child = spawn(file, args);
    this.#child.stdout?.on("data", (chunk: Buffer) => {
      this.#stdout += chunk.toString("utf8");
    });
    this.#child.stderr?.on("data", (chunk: Buffer) => {
      this.#stderr += chunk.toString("utf8");
      this.#printed.emit("printed");
    });
    this.result = once(this.#child, "close").then(([exitCode]) => {
      this.#printed.emit("printed");
      return { exitCode, stdout: this.#stdout, stderr: this.#stderr };
    });
  }

  /** Sends process 1 a signal, as `docker stop` and `docker kill` do. */
  async kill(signal: string): Promise<void> {
    await asRoot("kill", "-s", signal, await this.#process1());
  }

  /** Ends it at once, if it still runs. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    await this.kill("KILL");
    await this.result;
  }

  /** Runs a command in the container, as `docker exec` does; rejects if it fails. */
  async exec(command: readonly string[]): Promise<string> {
    const [user = "", group = ""] = this.#image.config.User.split(":");
    const place = ["--target", await this.#process1(), "--mount", "--pid", "--root", "--wd", "-S", user, "-G", group];
    return await asRoot("nsenter", ...place, "env", "-i", ...this.#variables, ...command);
  }

  /** Resolves when standard error holds the text; rejects if the process ends without it. */
  async until(text: string): Promise<void> {
    while (!this.#stderr.includes(text)) {
      if (this.#child.exitCode !== null) throw new Error(`the container ended before "${text}":\n${this.#stderr}`);
      await once(this.#printed, "printed");
    }
  }

  /** @returns its id outside: the first process below ours that has another id inside (proc_pid_status(5), NSpid) */
  async #process1(): Promise<string> {
    let id = String(this.#child.pid);
    while (!/^NSpid:\t\d+\t\d/m.test(await readFile(`/proc/${id}/status`, "utf8"))) {
      id = (await readFile(`/proc/${id}/task/${id}/children`, "utf8")).trim();
    }
    return id;
  }
}
