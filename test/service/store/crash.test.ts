import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Store } from "../../../src/service/ports/store.ts";
import { missingPostgres, newDatabase } from "../../support/postgres.ts";
import { postgresServer } from "../../support/postgres-shared.ts";
import { AT } from "../support/job-rows.ts";
import { openStore } from "../support/open-store.ts";
import { OWNER, withKey } from "../support/store-rows.ts";

const WRITER = new URL("../support/store-writer.ts", import.meta.url).pathname;

/** A database of a kind, how often a process that writes to it is killed, and the finder of its own faults. */
interface Kind {
  readonly name: string;
  readonly skip: string | false;
  readonly rounds: number;
  newPlace(): Promise<string>;
  damageOf(place: string): string | undefined;
}

const SQLITE: Kind = {
  name: "SQLite",
  skip: false,
  rounds: 6,
  newPlace: async () => {
    const folder = await mkdtemp(join(tmpdir(), "meetbot-store-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    return join(folder, "service.db");
  },
  damageOf: (place) => {
    const database = new DatabaseSync(place);
    const check = JSON.stringify(database.prepare("pragma integrity_check").get());
    database.close();
    return check === '{"integrity_check":"ok"}' ? undefined : check;
  },
};

const POSTGRES: Kind = {
  name: "PostgreSQL",
  skip: missingPostgres(),
  rounds: 3,
  newPlace: async () => await newDatabase(await postgresServer()),
  // Its own processes are not killed.
  damageOf: () => undefined,
};

async function newStore(kind: Kind): Promise<string> {
  const place = await kind.newPlace();
  await (await withKey(await openStore(place), { maxConcurrent: 1_000_000 })).close();
  return place;
}

interface Writer {
  readonly child: ChildProcess;
  /** The lines of commits that it has printed. */
  readonly lines: () => readonly string[];
}

function startWriter(place: string, first: number, count: number): Writer {
  const child = spawn(process.execPath, [WRITER, place, String(first), String(count)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    text += chunk.toString("utf8");
  });
  return { child, lines: () => text.split("\n").slice(0, -1) };
}

/** Finds what is wrong in a database. Nothing may be, whenever its process died. */
async function faultsOf(store: Store): Promise<string[]> {
  const faults: string[] = [];
  const { items } = await store.jobs(OWNER, {}, { limit: 100_000 });
  for (const job of items) {
    const events = await store.eventsAfter(job.id, 0, 100);
    const statuses = events
      .map(({ dataJson }) => JSON.parse(dataJson))
      .filter(({ event }) => event === "job.status_changed");
    const last = statuses.at(-1)?.status ?? "queued";
    if (last !== job.status) faults.push(`${job.id} is ${job.status}, its last event says ${last}`);
    const deliveries = (await store.deliveries(job.id, { limit: 100 })).items.map(({ id }) => id).toReversed();
    if (JSON.stringify(deliveries) !== JSON.stringify(events.map(({ eventId }) => eventId))) {
      faults.push(`${job.id} has deliveries that are not its events`);
    }
    if (job.status === "completed" && job.tokenSealed !== null) faults.push(`${job.id} is over and has its token`);
  }
  const timers = await store.dueTimers(AT * 2, 100_000);
  const waiting = items.filter(({ status, claimedAt }) => status === "queued" && claimedAt === null);
  if (waiting.some(({ id }) => !timers.some(({ jobId }) => jobId === id))) faults.push("a job waits without a timer");
  return faults;
}

describe.each([SQLITE, POSTGRES])("a store in $name whose process is killed", (kind) => {
  const { skip, rounds, damageOf } = kind;
  it.skipIf(skip)(
    "has every commit that was confirmed, and nothing half done, after kill -9 at any moment",
    async () => {
      const place = await newStore(kind);
      const promised: string[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const { child, lines } = startWriter(place, round * 1_000, 1_000);
        const exit = once(child, "exit");
        // Once when it has committed something, and else at any moment.
        const begun = round === 0 ? "event " : "open";
        while (!lines().some((line) => line.startsWith(begun))) await new Promise((resolve) => setTimeout(resolve, 5));
        await new Promise((resolve) => setTimeout(resolve, 40 + round * 37));
        child.kill("SIGKILL");
        await exit;
        promised.push(...lines().filter((line) => line.startsWith("event ")));
      }
      const store = await openStore(place);
      expect(promised.length).toBeGreaterThan(0);
      expect(await faultsOf(store)).toEqual([]);
      expect(damageOf(place)).toBeUndefined();
      for (const line of promised) expect(await store.delivery(line.slice("event ".length))).toBeDefined();
      await store.close();
    },
  );

  it.skipIf(skip)("serves two processes that write at the same time, and creates each job once", async () => {
    const place = await newStore(kind);
    const writers = [startWriter(place, 0, 25), startWriter(place, 10_000, 25)];
    const exits = await Promise.all(writers.map(async ({ child }) => (await once(child, "close"))[0]));
    expect(exits).toEqual([0, 0]);
    const made = writers.flatMap(({ lines }) => lines().filter((line) => line.startsWith("created ")));
    expect(made).toHaveLength(25);
    const store = await openStore(place);
    expect(await faultsOf(store)).toEqual([]);
    await store.close();
  });
});
