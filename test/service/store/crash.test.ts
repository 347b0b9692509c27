import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Store } from "../../../src/service/ports/store.ts";
import { openSqliteStore } from "../../../src/service/store/sql-store.ts";
import { AT } from "../support/job-rows.ts";
import { OWNER, withKey } from "../support/store-rows.ts";

const WRITER = new URL("../support/store-writer.ts", import.meta.url).pathname;

async function newStore(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "meetbot-store-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "service.db");
  await (await withKey(await openSqliteStore(path), { maxConcurrent: 1_000_000 })).close();
  return path;
}

interface Writer {
  readonly child: ChildProcess;
  /** The lines of commits that it has printed. */
  readonly lines: () => readonly string[];
}

function startWriter(path: string, first: number, count: number): Writer {
  const child = spawn(process.execPath, [WRITER, path, String(first), String(count)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    text += chunk.toString("utf8");
  });
  return { child, lines: () => text.split("\n").slice(0, -1) };
}

/** Finds what is wrong in a database. Nothing may be, whenever its process died. */
async function faultsOf(path: string, store: Store): Promise<string[]> {
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
  const database = new DatabaseSync(path);
  const check = database.prepare("pragma integrity_check").get();
  if (JSON.stringify(check) !== '{"integrity_check":"ok"}') faults.push(`integrity: ${JSON.stringify(check)}`);
  database.close();
  return faults;
}

describe("a store whose process is killed", () => {
  it("has every commit that was confirmed, and nothing half done, after kill -9 at any moment", async () => {
    const path = await newStore();
    const promised: string[] = [];
    for (let round = 0; round < 6; round += 1) {
      const { child, lines } = startWriter(path, round * 1_000, 1_000);
      const exit = once(child, "exit");
      while (!lines().includes("open")) await new Promise((resolve) => setTimeout(resolve, 5));
      await new Promise((resolve) => setTimeout(resolve, 40 + round * 37));
      child.kill("SIGKILL");
      await exit;
      promised.push(...lines().filter((line) => line.startsWith("event ")));
    }
    const store = await openSqliteStore(path);
    expect(promised.length).toBeGreaterThan(0);
    expect(await faultsOf(path, store)).toEqual([]);
    for (const line of promised) expect(await store.delivery(line.slice("event ".length))).toBeDefined();
    await store.close();
  });

  it("serves two processes that write at the same time, and creates each job once", async () => {
    const path = await newStore();
    const writers = [startWriter(path, 0, 25), startWriter(path, 10_000, 25)];
    const exits = await Promise.all(writers.map(async ({ child }) => (await once(child, "close"))[0]));
    expect(exits).toEqual([0, 0]);
    const made = writers.flatMap(({ lines }) => lines().filter((line) => line.startsWith("created ")));
    expect(made).toHaveLength(25);
    const store = await openSqliteStore(path);
    expect(await faultsOf(path, store)).toEqual([]);
    await store.close();
  });
});
