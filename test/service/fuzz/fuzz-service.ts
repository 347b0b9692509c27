import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WORKER_ARGUMENTS } from "../../support/shipped-worker.ts";
import { runCommand } from "../../support/worker.ts";

/**
 * Fuzzes a real service with schemathesis, by its OpenAPI document: `fuzz-service.ts SECONDS [SEED]`. The service starts
 * no worker, and sends nothing out of this machine.
 */

const PRELOAD = new URL("only-loopback.mjs", import.meta.url).href;
/**
 * A request that fits the schemas may still be refused with a documented 4xx, by rules that no schema can have: times in
 * order and in a range, names of an installation's fixtures, control characters, logins that nobody began.
 */
const EXCLUDED = "positive_data_acceptance";
/** A request that is still open then is an event stream of a live job. */
const REQUEST_SECONDS = 5;

export interface FuzzResult {
  /** 0 if nothing was found. */
  readonly exitCode: number | null;
  /** What schemathesis has written. */
  readonly report: string;
  /** Whether the service still answered at the end, and ended in order. */
  readonly isServiceWell: boolean;
  readonly log: string;
}

export async function fuzzService(seconds: number, seed?: number): Promise<FuzzResult> {
  const folder = await mkdtemp(join(tmpdir(), "meetbot-fuzz-"));
  const environment = {
    ...{ PATH: process.env.PATH ?? "", HOME: folder, MEETBOT_SERVICE_DATA_DIR: join(folder, "data") },
    ...{ MEETBOT_SERVICE_PORT: "0", MEETBOT_SERVICE_MAX_WORKERS: "0", MEETBOT_SERVICE_WARM_WORKERS: "0" },
  };
  const service = startService(environment);
  try {
    const address = await service.address;
    const made = await runCommand(
      ["keys", "create", "--consumer", "fuzz", "--mode", "test", "--role", "operator", "--max-concurrent", "999"],
      environment,
    );
    const key = /^key: (\S+)$/m.exec(made.stdout)?.[1];
    if (key === undefined) throw new Error(`no key: ${made.stderr}`);
    const document = join(folder, "openapi.json");
    await writeFile(document, await documentOf(address));
    const { exitCode, report } = await schemathesis({ address, document, key, seconds, seed });
    const health = await fetch(`${address}/healthz`).then(({ ok }) => ok);
    const { code, log } = await service.end();
    return { exitCode, report, isServiceWell: health && code === 0, log };
  } finally {
    await service.end();
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  }
}

function startService(environment: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, ["--import", PRELOAD, ...WORKER_ARGUMENTS, "serve"], {
    env: environment,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const exit = once(child, "exit");
  let log = "";
  const address = new Promise<string>((resolve, reject) => {
    child.stderr.on("data", (chunk: Buffer) => {
      log += chunk.toString("utf8");
      const [, found] = /"address":"([^"]+)"/.exec(log) ?? [];
      if (found !== undefined) resolve(found);
    });
    child.once("exit", () => reject(new Error(`the service has ended:\n${log}`)));
  });
  return {
    address,
    end: async () => {
      child.kill("SIGTERM");
      const [code] = await exit;
      return { code, log };
    },
  };
}

/** The service's own document. An event stream's text has a schema there, with which schemathesis compares each event. */
async function documentOf(address: string): Promise<string> {
  const text = await fetch(`${address}/openapi.json`).then((response) => response.text());
  return JSON.stringify(JSON.parse(text, (key, value) => (key === "text/event-stream" ? {} : value)));
}

interface Run {
  readonly address: string;
  readonly document: string;
  readonly key: string;
  readonly seconds: number;
  readonly seed: number | undefined;
}

async function schemathesis({ address, document, key, seconds, seed }: Run) {
  const child = spawn(
    "schemathesis",
    [
      ...["run", document, "--url", address, "--no-color", "--checks", "all", "--exclude-checks", EXCLUDED],
      ...["--header", `Authorization: Bearer ${key}`, "--generation-database", "none"],
      ...["--request-timeout", String(REQUEST_SECONDS), "--max-time", String(seconds), "--continue-on-failure"],
      ...(seed === undefined ? [] : ["--seed", String(seed)]),
    ],
    { cwd: tmpdir(), stdio: ["ignore", "pipe", "pipe"] },
  );
  let report = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      report += chunk.toString("utf8");
    });
  }
  const [exitCode] = (await once(child, "close")) as [number | null];
  return { exitCode, report };
}

if (import.meta.main) {
  const [, , seconds = "600", seed] = process.argv;
  const { exitCode, report, isServiceWell, log } = await fuzzService(
    Number(seconds),
    seed === undefined ? undefined : Number(seed),
  );
  process.stdout.write(report);
  const failures = log.split("\n").filter((line) => line.includes('"level":50'));
  process.stdout.write(`${failures.slice(0, 20).join("\n")}\nthe service is ${isServiceWell ? "well" : "not well"}\n`);
  process.exitCode = exitCode === 0 && isServiceWell && failures.length === 0 ? 0 : 1;
}
