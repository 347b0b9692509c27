import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Text on the screen when the command has ended. The exit code follows it. */
export const ENDED = "ended with exit code";

export interface TerminalOptions {
  readonly columns: number;
  readonly rows: number;
  /** For the shell. */
  readonly command: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A terminal in its own tmux server. */
export class TmuxTerminal {
  readonly #socket = `meetbot-${randomUUID()}`;

  static async open({ columns, rows, command, environment = {} }: TerminalOptions): Promise<TmuxTerminal> {
    const terminal = new TmuxTerminal();
    const variables = Object.entries(environment).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
    const size = ["-x", String(columns), "-y", String(rows)];
    // The command waits for the Enter below, when the window has its size. `cat` keeps the window open at the end.
    const whole = `read _; ${command}; echo "${ENDED} $?"; cat`;
    await terminal.#tmux("-f", "/dev/null", "new-session", "-d", ...size, ...variables, whole);
    await terminal.#tmux("set-option", "-g", "status", "off");
    await terminal.resize(columns, rows);
    await terminal.type("Enter");
    return terminal;
  }

  /** @returns its lines, if asked for with colour codes (ECMA-48 §8.3.117) */
  async screen(colours: "colours" | "text" = "text"): Promise<string> {
    const { stdout } = await this.#tmux("capture-pane", "-p", ...(colours === "colours" ? ["-e"] : []));
    return stdout;
  }

  /** @param keys each by tmux's name for it: a letter, `C-c`, `Enter` */
  async type(...keys: readonly string[]): Promise<void> {
    await this.#tmux("send-keys", ...keys);
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux("resize-window", "-x", String(columns), "-y", String(rows));
  }

  /** Waits until the screen satisfies the condition, and returns it. */
  async until(isWanted: (screen: string) => boolean): Promise<string> {
    for (;;) {
      const screen = await this.screen();
      if (isWanted(screen)) return screen;
      if (screen.includes(ENDED)) throw new Error(`the command ended before the screen was as wanted:\n${screen}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Ends the terminal and its command. Idempotent. */
  async close(): Promise<void> {
    await this.#tmux("kill-server").catch(() => undefined);
  }

  #tmux(...args: readonly string[]): Promise<{ stdout: string }> {
    return run("tmux", ["-L", this.#socket, ...args], { env: { ...process.env, LC_ALL: "C.UTF-8" } });
  }
}
