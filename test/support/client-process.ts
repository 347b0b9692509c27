import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A line a client script prints. */
export type ClientLine = Readonly<Record<string, unknown>> & { readonly type: string };

/** A client of another library. It has its own process, because Node reads trusted certificates only at the start. */
export class ClientProcess {
  readonly lines: ClientLine[] = [];
  readonly #child: ChildProcess;
  readonly #waiting = new Set<() => void>();
  readonly #closed: Promise<unknown>;
  #errorText = "";

  /** @param script under `test/loopback/clients/`. */
  constructor(script: string, environment: Readonly<Record<string, string>>) {
    const path = fileURLToPath(new URL(`../loopback/clients/${script}`, import.meta.url));
    const child = spawn(process.execPath, [path], {
      env: { PATH: process.env.PATH, ...environment },
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#child = child;
    this.#closed = once(child, "close");
    child.stderr.on("data", (chunk: Buffer) => {
      this.#errorText += chunk.toString();
    });
    createInterface(child.stdout).on("line", (line) => {
      this.lines.push(JSON.parse(line));
      this.#wake();
    });
    child.once("close", () => this.#wake());
  }

  /** Waits for a line that the client prints. If it ends before, fails with all that it has printed. */
  async until(satisfied: (lines: readonly ClientLine[]) => boolean): Promise<void> {
    while (!satisfied(this.lines)) {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        throw new Error(`The client ended too early.\n${this.#errorText}\n${JSON.stringify(this.lines.slice(-20))}`);
      }
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** The Opus packets it heard of a user, in hex, in order. */
  heard(userId: string): readonly unknown[] {
    return this.lines.filter((line) => line.type === "opus" && line.userId === userId).map(({ opus }) => opus);
  }

  /** Lets the client end itself. @returns its exit code. */
  async stop(): Promise<number | null> {
    this.#child.stdin?.end();
    await this.#closed;
    return this.#child.exitCode;
  }

  /** Kills the client. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#closed;
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
