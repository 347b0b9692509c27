import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { JobRow } from "../domain/job-row.ts";
import { inheritedVariables } from "../inherited-variables.ts";
import { DownloadError, type DownloadMaker, type DownloadTask } from "../ports/downloads.ts";
import { type DownloadNews, type DownloadTaskLine, downloadNews } from "./download-task.ts";

export interface DownloadProcessOptions {
  /** The program and arguments in front of a command's name. */
  readonly command: readonly string[];
  /** The recording's folder or its `s3:` address. */
  readonly sourceOf: (job: JobRow) => string;
  /** The settings of a bucket, with its secrets. */
  readonly bucketEnvironment: Readonly<Record<string, string>>;
}

/** The only variables that the process inherits from the service. */
const INHERITED_VARIABLES = ["PATH", "HOME", "TMPDIR", "TZ", "NODE_EXTRA_CA_CERTS"];
/** Hours of a call with many people take less, at low priority on a busy machine too. */
const LIMIT_MS = 3_600_000;
const MAX_STDERR_CHARS = 4_000;

/** Makes each download in a process of its own, with a low priority. It ends with the service. */
export class DownloadProcess implements DownloadMaker {
  readonly #options: DownloadProcessOptions;

  constructor(options: DownloadProcessOptions) {
    this.#options = options;
  }

  async make({ kind, job, target, signal, onProgress }: DownloadTask): Promise<void> {
    const { command, sourceOf, bucketEnvironment } = this.#options;
    const [program = "", ...args] = command;
    const child = spawn(program, [...args, "make-download"], {
      env: inheritedVariables(INHERITED_VARIABLES),
      stdio: ["pipe", "pipe", "pipe"],
      // Its folder is removed then, so it need not clean up.
      killSignal: "SIGKILL",
      signal: AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]),
    });
    const closed = once(child, "close");
    const source = sourceOf(job);
    const environment = source.startsWith("s3:") ? { ...bucketEnvironment } : {};
    const line: DownloadTaskLine = { kind, source, target, environment };
    // If it ends at once, its exit code says why.
    child.stdin.on("error", () => undefined);
    child.stdin.write(`${JSON.stringify(line)}\n`);
    let refused: string | undefined;
    createInterface({ input: child.stdout }).on("line", (text) => {
      const news = newsOf(text);
      if (news === undefined) return;
      if ("progress" in news) onProgress(news.progress);
      else refused = news.refused;
    });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-MAX_STDERR_CHARS);
    });
    const [code, endedBy] = await closed;
    if (code === 0) return;
    if (refused !== undefined) throw new DownloadError(refused);
    throw new Error(`make-download ended with ${endedBy ?? `exit code ${code}`}`, { cause: said.trim() });
  }
}

/** Anything else on its standard output is not news, such as a library's warning. */
function newsOf(text: string): DownloadNews | undefined {
  try {
    return downloadNews.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
