import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePorts } from "./free-ports.ts";
import { WORKER_ARGUMENTS } from "./shipped-worker.ts";
import { runCommand } from "./worker.ts";

/** The service as its own command, with a test key: it can end and begin again at the same address. */
export class Served {
  readonly address: string;
  readonly #data: string;
  readonly #environment: Readonly<Record<string, string>>;
  #child: ChildProcess | undefined;
  #said = "";

  private constructor(data: string, port: number) {
    this.address = `http://127.0.0.1:${port}`;
    this.#data = data;
    this.#environment = {
      ...{ HOME: data, MEETBOT_SERVICE_DATA_DIR: join(data, "service"), MEETBOT_SERVICE_PORT: String(port) },
      ...{ MEETBOT_SERVICE_WEBHOOK_ALLOW_PRIVATE: "true", MEETBOT_SERVICE_FIXTURES_DIR: join(data, "fixtures") },
    };
  }

  /** @param fixture the recorded call that jobs play, with each of these texts replaced */
  static async open(fixture: { readonly name: string; readonly replaced: Readonly<Record<string, string>> }) {
    const data = await mkdtemp(join(tmpdir(), "meetbot-served-"));
    const folder = join(data, "fixtures", fixture.name);
    await mkdir(join(data, "fixtures"));
    await cp("test/fixtures/standup", folder, { recursive: true });
    const script = await readFile(join(folder, "call.jsonl"), "utf8");
    const changed = Object.entries(fixture.replaced).reduce((text, [from, to]) => text.replaceAll(from, to), script);
    await writeFile(join(folder, "call.jsonl"), changed);
    const [port = 0] = await freePorts(1);
    const served = new Served(data, port);
    await served.start();
    return served;
  }

  /** The key that the first start showed. */
  get key(): string {
    return /mb_test_\w+/.exec(this.#said)?.[0] ?? "";
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, [...WORKER_ARGUMENTS, "serve"], {
      env: { PATH: process.env.PATH, ...this.#environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    let log = "";
    const listens = Promise.withResolvers<void>();
    const look = (): void => {
      if (log.includes("the service listens") && this.key !== "") listens.resolve();
    };
    child.stdout.on("data", (chunk: Buffer) => {
      this.#said += chunk.toString("utf8");
      look();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      log += chunk.toString("utf8");
      look();
    });
    child.once("exit", () => listens.reject(new Error(`the service ended:\n${log}`)));
    await listens.promise;
  }

  /** Ends the service. Workers continue. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, "exit");
    child.kill("SIGTERM");
    await exit;
  }

  /** The service's data folder. */
  get dataDirectory(): string {
    return join(this.#data, "service");
  }

  /** Runs `keys` with these arguments. @returns what it prints */
  async keys(...args: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await runCommand(["keys", ...args], this.#environment);
    if (exitCode !== 0) throw new Error(stderr);
    return stdout;
  }

  async close(): Promise<void> {
    await this.stop();
    const jobs = join(this.#data, "service", "jobs");
    for (const name of await readdir(jobs, { recursive: true })) {
      const marks = dirname(join(jobs, name));
      // Its wrapper waits for it, so that no other process has its id.
      if (basename(name) !== "pid" || existsSync(join(marks, "exit"))) continue;
      process.kill(Number.parseInt(await readFile(join(jobs, name), "utf8"), 10), "SIGKILL");
      while (!existsSync(join(marks, "exit"))) await sleep(20);
    }
    await rm(this.#data, { recursive: true, force: true });
  }

  /** Asks the API with the key. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read what they expect
  async ask(method: string, path: string, body?: object): Promise<any> {
    const response = await fetch(`${this.address}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.key}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return await response.json();
  }
}
