import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { type FollowedEvent, followAll } from "../../../src/cli/client/follow-all.ts";
import { MeetBot, MeetbotConnectionError, MeetbotUnauthorizedError } from "../../../src/sdk/index.ts";

interface FakeJob {
  readonly id: string;
  readonly createdAt: string;
  status: string;
  readonly events: FollowedEvent[];
}

const at = (second: number): string => new Date(Date.UTC(2026, 10, 30, 9, 0, second)).toISOString();

function event(jobId: string, second: number, status: string): FollowedEvent {
  const deliveryId = `dlv_${jobId}_${second}`;
  const data = { jobId, status };
  return { deliveryId, id: deliveryId, event: "job.status_changed", emittedAt: at(second), data } as never;
}

/** A service in memory, as far as `followAll` asks it. Its lists have pages of 100, as the real one's. */
class FakeService {
  readonly jobs: FakeJob[] = [];
  failure: Error | undefined;
  streams = 0;
  mostStreams = 0;

  add(id: string, second: number, status: string, ...events: FollowedEvent[]): FakeJob {
    const job = { id, createdAt: at(second), status, events };
    this.jobs.push(job);
    return job;
  }

  get meetbot(): MeetBot {
    const client = new MeetBot({ apiKey: "mb_test_1", baseUrl: "http://127.0.0.1:9" });
    return Object.assign(client, {
      listJobs: async (query: { status?: string; createdAfter?: Date }) => this.#list(query),
      watchJob: (id: string, options: { lastEventId?: string; signal?: AbortSignal }) => this.#watch(id, options),
    });
  }

  #list({ status, createdAfter }: { status?: string; createdAfter?: Date }) {
    if (this.failure !== undefined) throw this.failure;
    const items = this.jobs
      .filter((job) => status === undefined || job.status === status)
      .filter((job) => createdAfter === undefined || new Date(job.createdAt) > createdAfter)
      .map((job) => ({ ...job, updatedAt: job.events.at(-1)?.emittedAt ?? job.createdAt }))
      .reverse();
    return {
      data: items.slice(0, 100),
      async *[Symbol.asyncIterator]() {
        yield* items;
      },
    };
  }

  async *#watch(id: string, { lastEventId, signal }: { lastEventId?: string; signal?: AbortSignal }) {
    this.streams += 1;
    this.mostStreams = Math.max(this.mostStreams, this.streams);
    try {
      const job = this.jobs.find((each) => each.id === id);
      for (let next = 1 + (job?.events.findIndex((each) => each.id === lastEventId) ?? -1); ; ) {
        signal?.throwIfAborted();
        if (this.failure !== undefined) throw this.failure;
        const found = job?.events[next];
        if (found !== undefined) {
          next += 1;
          yield found;
        } else if (job === undefined || ["completed", "cancelled"].includes(job.status)) return;
        else await sleep(100);
      }
    } finally {
      this.streams -= 1;
    }
  }
}

function following(service: FakeService) {
  vi.useFakeTimers({ toFake: ["setTimeout", "setInterval", "clearTimeout", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  const said: string[] = [];
  const failure = followAll(service.meetbot, {
    onReady: () => said.push("ready"),
    onAway: () => said.push("away"),
    onBack: () => said.push("back"),
    onEvent: async ({ deliveryId }) => void said.push(deliveryId),
  }).catch((error: unknown) => error);
  return { said, failure };
}

/** node:timers/promises has its own timers, which fake ones do not replace. */
vi.mock("node:timers/promises", () => ({
  setTimeout: (ms: number) => new Promise((resolve) => void setTimeout(resolve, ms)),
}));

const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1_000);

describe("following all jobs", () => {
  test("gives what happens from now on, of jobs that are live, that wait, and that come later", async () => {
    const service = new FakeService();
    service.add("old", 1, "completed", event("old", 2, "completed"));
    const waiting = service.add("waiting", 3, "scheduled");
    for (let count = 0; count < 150; count += 1) service.add(`over${count}`, 4, "completed");
    const live = service.add("live", 5, "recording", event("live", 6, "joining"), event("live", 7, "recording"));
    const { said } = following(service);
    await pass(3);
    expect(said).toEqual(["ready"]);
    live.events.push(event("live", 8, "completed"));
    live.status = "completed";
    service.add("short", 9, "completed", event("short", 10, "joining"), event("short", 11, "completed"));
    await pass(3);
    expect(said).toEqual(["ready", "dlv_live_8", "dlv_short_10", "dlv_short_11"]);
    waiting.status = "recording";
    waiting.events.push(event("waiting", 12, "recording"));
    await pass(12);
    expect(said.slice(4)).toEqual(["dlv_waiting_12"]);
  });

  test("gives more jobs than may have a stream their turns, and no event twice or never", async () => {
    const service = new FakeService();
    const jobs = Array.from({ length: 130 }, (_, index) => service.add(`job${index}`, 1, "recording"));
    const { said } = following(service);
    await pass(1);
    for (const job of jobs) job.events.push(event(job.id, 20, "finalizing"));
    await pass(30);
    expect(said.slice(1).toSorted()).toEqual(jobs.map(({ id }) => `dlv_${id}_20`).toSorted());
    expect(service.mostStreams).toBe(40);
  });

  test("tries again while the service cannot be reached, and then continues where it was", async () => {
    const service = new FakeService();
    const job = service.add("job", 1, "recording");
    const { said } = following(service);
    await pass(3);
    service.failure = new MeetbotConnectionError("127.0.0.1:9 could not be reached");
    job.events.push(event("job", 2, "finalizing"));
    await pass(60);
    expect(said).toEqual(["ready", "away"]);
    service.failure = undefined;
    await pass(40);
    expect(said).toEqual(["ready", "away", "back", "dlv_job_2"]);
  });

  test("ends if the key is revoked, or if the service cannot be reached at the beginning", async () => {
    const service = new FakeService();
    service.add("job", 1, "recording");
    const refused = new MeetbotUnauthorizedError({
      ...{ status: 401, code: "unauthorized", message: "revoked", issues: [], retryAfterSeconds: undefined },
      body: undefined,
    });
    const { failure } = following(service);
    await pass(3);
    service.failure = refused;
    await pass(3);
    expect(await failure).toBe(refused);
    const away = new FakeService();
    away.failure = new MeetbotConnectionError("away");
    expect(await following(away).failure).toBe(away.failure);
  });
});
