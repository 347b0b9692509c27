import { execFile } from "node:child_process";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { V1Container, V1Job, V1PodSpec } from "@kubernetes/client-node";
import { type RunningWorker, startCommand, type WorkerRun } from "./worker.ts";

/** The program's path in the image. */
const WORK_DIR = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Runs a Job's containers as a kubelet would, as processes: volumes and the Secret's files are folders of this machine,
 * which replace the pod's paths in the environment. Nothing else can be written to.
 */
export class TestPod {
  readonly spec: V1PodSpec;
  readonly #root: string;
  readonly #secret: Readonly<Record<string, string>>;

  private constructor(spec: V1PodSpec, root: string, secret: Readonly<Record<string, string>>) {
    this.spec = spec;
    this.#root = root;
    this.#secret = secret;
  }

  /** @param root folder of the volumes; give it again to use those of an earlier pod */
  static async create(job: V1Job, secret: Readonly<Record<string, string>>, root?: string): Promise<TestPod> {
    const spec = job.spec?.template.spec;
    if (spec === undefined || spec === null) throw new TypeError("the Job has no pod");
    const pod = new TestPod(spec, root ?? (await mkdtemp(join(tmpdir(), "meetbot-pod-"))), secret);
    for (const { mountPath } of spec.containers[0]?.volumeMounts ?? []) {
      await mkdir(pod.path(mountPath), { recursive: true });
    }
    for (const { name, secret: source } of spec.volumes ?? []) {
      const mount = spec.containers[0]?.volumeMounts?.find((each) => each.name === name);
      for (const { key, path } of source?.items ?? []) {
        if (mount !== undefined) await writeFile(join(pod.path(mount.mountPath), path), pod.#key(key));
      }
    }
    return pod;
  }

  /** The path on this machine for a path in the pod. */
  path(inPod: string): string {
    return join(this.#root, inPod);
  }

  /** @param more variables that this machine needs in addition to the pod's */
  start(container: V1Container, more: Readonly<Record<string, string>>): RunningWorker {
    const writable = this.#writable(container).map((path) => `--allow-fs-write=${path}`);
    const rights = ["--permission", "--allow-fs-read=*", "--allow-addons", "--allow-worker", "--allow-wasi"];
    const environment = { NODE_OPTIONS: [...rights, ...writable].join(" "), ...this.#environment(container), ...more };
    return startCommand(container.args ?? [], environment);
  }

  /** Runs a container with its own command, and waits for its end. */
  run({ command = [], ...container }: V1Container, more: Readonly<Record<string, string>>): Promise<WorkerRun> {
    const [program = "", ...args] = command;
    const env = { PATH: `${dirname(process.execPath)}:${process.env.PATH}`, ...this.#environment(container), ...more };
    return new Promise((resolve) => {
      const child = execFile(program, args, { cwd: WORK_DIR, env }, (_, stdout, stderr) => {
        resolve({ exitCode: child.exitCode, stdout, stderr });
      });
    });
  }

  #environment({ env = [], volumeMounts = [] }: V1Container): Record<string, string> {
    return Object.fromEntries(
      env.map(({ name, value, valueFrom }) => {
        if (valueFrom?.secretKeyRef !== undefined) return [name, this.#key(valueFrom.secretKeyRef.key)];
        const [, scheme = "", path = ""] = /^(file:)?(.*)$/s.exec(value ?? "") ?? [];
        const isMounted = volumeMounts.some(({ mountPath }) => `${path}/`.startsWith(`${mountPath}/`));
        return [name, isMounted ? `${scheme}${this.path(path)}` : (value ?? "")];
      }),
    );
  }

  #writable({ volumeMounts = [] }: V1Container): string[] {
    return volumeMounts.filter(({ readOnly }) => readOnly !== true).map(({ mountPath }) => this.path(mountPath));
  }

  #key(name: string): string {
    const value = this.#secret[name];
    if (value === undefined) throw new Error(`the Secret has no key ${name}`);
    return value;
  }
}
