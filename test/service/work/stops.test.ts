import { randomBytes } from "node:crypto";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Remains } from "../../../src/service/domain/job-input.ts";
import { isOver } from "../../../src/service/domain/job-row.ts";
import { sealPurpose } from "../../../src/service/domain/seal-purpose.ts";
import type { Verdict } from "../../../src/service/domain/verdict.ts";
import type { Store } from "../../../src/service/ports/store.ts";
import {
  type ControlAnswer,
  type FoundWorker,
  type Launcher,
  type WorkerControl,
  type WorkerSpec,
  WorkerUnreachableError,
} from "../../../src/service/ports/workers.ts";
import { createSealer } from "../../../src/service/secrets/sealer.ts";
import { openSqliteStore } from "../../../src/service/store/sql-store.ts";
import { Scheduler } from "../../../src/service/work/scheduler.ts";
import type { JobEvent } from "../../../src/session/job-events.ts";
import { silentLog } from "../../support/silent-log.ts";
import { AT, statusEvent } from "../support/job-rows.ts";
import { answerOf, envelope, jobId, newJob, OWNER, withKey } from "../support/store-rows.ts";

/** How a worker reacts to a stop. */
const MODES = ["answers", "control away", "frozen", "killed while recording", "killed while joining"] as const;
const STOPS = 100;
const TICK_MS = 10_000;

/** Workers that react in all ways. `inCall` is the truth, which the service can only learn by asking. */
class Workers implements Launcher, WorkerControl {
  readonly inCall = new Set<string>();
  readonly #specs = new Map<string, WorkerSpec>();
  readonly #ended = new Map<string, Verdict>();
  readonly #spools = new Set<string>();
  /** Set once there is a scheduler. */
  report: (token: string, jobId: string, event: JobEvent) => Promise<void> = async () => undefined;

  modeOf(id: string): (typeof MODES)[number] {
    return MODES[Number(id.slice(-5)) % MODES.length] ?? "answers";
  }

  async start(spec: WorkerSpec): Promise<string> {
    this.#specs.set(spec.jobId, spec);
    this.#ended.delete(spec.jobId);
    if (spec.task === "recover") {
      await this.#finish(spec.jobId);
      return "{}";
    }
    this.inCall.add(spec.jobId);
    await this.#tell(spec.jobId, "joining");
    if (this.modeOf(spec.jobId) !== "killed while joining") {
      this.#spools.add(spec.jobId);
      await this.#tell(spec.jobId, "recording");
    }
    return "{}";
  }

  readonly waiting = 0;

  async loginNotes(): Promise<string> {
    return "";
  }

  prepare(): void {
    // None is started ahead.
  }

  async close(): Promise<void> {
    // Nothing waits.
  }

  async find(): Promise<FoundWorker> {
    return { kind: "never" };
  }

  async inspect(id: string): Promise<Verdict> {
    return this.#ended.get(id) ?? { kind: "alive" };
  }

  async pulse(): Promise<undefined> {
    return undefined;
  }

  async stop(id: string, _handle: string, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    if (signal === "SIGKILL") this.kill(id);
    else if (this.modeOf(id) === "control away") await this.#finish(id);
  }

  async send(job: { readonly id: string }): Promise<ControlAnswer> {
    if (this.modeOf(job.id) !== "answers") throw new WorkerUnreachableError("away");
    await this.#finish(job.id);
    return { status: 204, body: Buffer.alloc(0), contentType: null };
  }

  kill(id: string): void {
    this.inCall.delete(id);
    this.#ended.set(id, { kind: "gone", how: "killed by signal 9", exitCode: 137 });
  }

  async controlAddress(): Promise<undefined> {
    return undefined;
  }

  async readSpooled(): Promise<undefined> {
    return undefined;
  }

  async remains(id: string): Promise<Remains> {
    return this.#spools.has(id) ? "recorded" : "nothing";
  }

  async maintain(): Promise<void> {
    // There is nothing to maintain.
  }

  async cleanUp(): Promise<void> {
    // There is nothing to clean up.
  }

  async #finish(id: string): Promise<void> {
    this.inCall.delete(id);
    await this.#tell(id, "finalizing");
    await this.#tell(id, "cancelled");
    this.#spools.delete(id);
    this.#ended.set(id, { kind: "gone", how: "exit code 0", exitCode: 0 });
  }

  async #tell(id: string, status: "joining" | "recording" | "finalizing" | "cancelled"): Promise<void> {
    await this.report(this.#specs.get(id)?.secrets.MEETBOT_INGEST_TOKEN ?? "", id, statusEvent(status));
  }
}

async function overInStore(store: Store): Promise<string[]> {
  const { items } = await store.jobs(OWNER, {}, { limit: STOPS });
  return items.filter(({ status }) => isOver(status)).map(({ id }) => id);
}

describe("many stops of workers that answer, do not answer, are frozen or die", () => {
  it("leave no worker in a call whose job is over, and no job that is never over", async () => {
    const store = await withKey(await openSqliteStore(":memory:"), { maxConcurrent: STOPS });
    onTestFinished(() => store.close());
    const workers = new Workers();
    const sealer = createSealer([randomBytes(32)]);
    let now = AT;
    const scheduler = new Scheduler({
      ...{ store, launcher: workers, control: workers, sealer, clock: { now: () => now }, log: silentLog },
      environments: { environmentFor: async () => ({ environment: {} }), release: async () => undefined },
      workers: { maxWorkers: STOPS, ingestUrl: "http://x", storageUri: "file:/x", environment: {}, secrets: {} },
      storedEnd: async () => [],
      expireRecording: async () => undefined,
    });
    workers.report = async (token, id, event) => {
      await scheduler.ingest(token, envelope(Number(id.slice(-5)), event));
    };
    const tick = async (): Promise<void> => {
      await scheduler.tick();
      await scheduler.settled();
    };
    for (let n = 0; n < STOPS; n += 1) {
      const tokenSealed = sealer.seal("token", sealPurpose.botToken(jobId(n)));
      await store.createJob(newJob(n, { tokenSealed }), { at: now, answerOf });
    }
    await tick();
    expect(workers.inCall.size).toBe(STOPS);
    for (let n = 0; n < STOPS; n += 1) {
      await scheduler.end(jobId(n), n % 2 === 0 ? "cancel" : "leave");
      if (workers.modeOf(jobId(n)).startsWith("killed")) workers.kill(jobId(n));
    }
    for (let ticks = 0; ticks < 15; ticks += 1) {
      for (const id of await overInStore(store))
        expect(workers.inCall.has(id), `${id} ${workers.modeOf(id)}`).toBe(false);
      now += TICK_MS;
      await tick();
    }
    expect(workers.inCall.size).toBe(0);
    expect(await store.countByStatus()).toEqual({ cancelled: STOPS });
    expect(await store.claimed()).toEqual([]);
  });
});
