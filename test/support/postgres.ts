import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readdirSync } from "node:fs";
import { chown, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";
import { freePorts } from "./free-ports.ts";

const run = promisify(execFile);

/** What a client needs to use the server. */
export interface PostgresServer {
  /** The address, with a user who may make databases. */
  readonly address: string;
  readonly password: string;
}

export interface Postgres extends PostgresServer {
  /** Ends all its processes at once, as a crash would. */
  stop(): Promise<void>;
  /** Starts it again, with what was committed. */
  start(): Promise<void>;
  /** Ends all its processes and removes its files. Idempotent. */
  close(): Promise<void>;
}

const START_MS = 60_000;
const USER = "meetbot";
const PASSWORD = "recognisable-password-of-the-database";
/** Debian puts the server's programs there, by version. */
const DEBIAN = "/usr/lib/postgresql";
/** PostgreSQL refuses to run as root, so it runs as nobody, who may still use folders of root's tests. */
const NOBODY = 65_534;

/** Why tests with a PostgreSQL server are skipped, or false. */
export function missingPostgres(): string | false {
  if (programs() !== undefined) return false;
  const reason = "postgresql is not installed";
  if (process.env.CI === "true") throw new Error(`${reason}, and CI must have it`);
  return reason;
}

/**
 * A PostgreSQL server in a folder of its own, on 127.0.0.1 and a free port. Nothing waits for the disk: if the machine
 * loses power, its data is lost, and if the server is killed, it is not.
 */
export async function startPostgres(): Promise<Postgres> {
  const folder = await mkdtemp(join(tmpdir(), "meetbot-postgres-"));
  const [port] = await freePorts(1);
  const bin = programs() ?? "";
  const data = join(folder, "data");
  const log = join(folder, "log");
  const passwordFile = join(folder, "password");
  let child: ChildProcess | undefined;
  const stop = async (): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGQUIT");
    await ended;
  };
  const close = async (): Promise<void> => {
    await stop();
    await rm(folder, { recursive: true, force: true });
  };
  const address = `postgres://${USER}:${PASSWORD}@127.0.0.1:${port}/postgres`;
  const start = async (): Promise<void> => {
    const settings = {
      port,
      listen_addresses: "127.0.0.1",
      unix_socket_directories: "",
      fsync: "off",
      deadlock_timeout: 50,
    };
    const options = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    // If this process is killed, the kernel ends it.
    const output = openSync(log, "a");
    child = spawn("setpriv", ["--pdeathsig", "KILL", ...asUser(join(bin, "postgres"), "-D", data, ...options)], {
      stdio: ["ignore", "ignore", output],
    });
    closeSync(output);
    await untilAnswering(address, child, log);
  };
  try {
    await mkdir(data);
    await writeFile(passwordFile, PASSWORD);
    if (isRoot()) await Promise.all([folder, data, passwordFile].map((path) => chown(path, NOBODY, NOBODY)));
    const cluster = ["-D", data, "-U", USER, "--pwfile", passwordFile, "--auth", "scram-sha-256"];
    const [program = "", ...rest] = ["setpriv", ...asUser(join(bin, "initdb"), ...cluster, "--no-sync", "-E", "UTF8")];
    await run(program, [...rest, "--locale", "C"], { timeout: START_MS });
    await start();
    return { address, password: PASSWORD, start, stop, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Statements that remove all rows, faster than truncating the tables. Foreign keys are not looked at. */
export async function emptying(address: string): Promise<string> {
  const tables = await asAdmin(
    address,
    "select tablename from pg_tables where schemaname = 'public' and tablename not like 'kysely_%'",
  );
  return `set session_replication_role = replica; ${tables.map(({ tablename }) => `delete from ${tablename}`).join("; ")}`;
}

/** A new empty database. @returns its address */
export async function newDatabase({ address }: PostgresServer): Promise<string> {
  const name = `test_${randomBytes(8).toString("hex")}`;
  await asAdmin(address, `create database ${name}`);
  const url = new URL(address);
  url.pathname = `/${name}`;
  return url.href;
}

/** Runs statements over a connection of their own. @returns the rows of the last one */
export async function asAdmin(address: string, text: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const client = new pg.Client({ connectionString: address });
  await client.connect();
  try {
    const results = await client.query(text);
    return [results].flat().at(-1)?.rows ?? [];
  } finally {
    await client.end();
  }
}

/** The folder with the server's programs. */
function programs(): string | undefined {
  if (!existsSync(DEBIAN)) return undefined;
  const versions = readdirSync(DEBIAN).sort((left, right) => Number(right) - Number(left));
  return versions.map((version) => join(DEBIAN, version, "bin")).find((bin) => existsSync(join(bin, "postgres")));
}

function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

/** Arguments of setpriv that start a program. */
function asUser(...command: string[]): string[] {
  if (!isRoot()) return command;
  const user = ["--reuid", String(NOBODY), "--regid", String(NOBODY), "--clear-groups"];
  return [...user, "--inh-caps", "+dac_override", "--ambient-caps", "+dac_override", ...command];
}

async function untilAnswering(address: string, child: ChildProcess, log: string): Promise<void> {
  for (const deadline = Date.now() + START_MS; ; await sleep(50)) {
    try {
      await asAdmin(address, "select 1");
      return;
    } catch (error) {
      if (child.exitCode === null && Date.now() < deadline) continue;
      const text = await readFile(log, "utf8").catch(() => "it has written no log");
      throw new Error(`PostgreSQL did not start:\n${text.slice(-2_000)}`, { cause: error });
    }
  }
}
