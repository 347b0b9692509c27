import { expect } from "vitest";
import type { Store } from "../../../src/service/ports/store.ts";
import { AT } from "./job-rows.ts";
import { jobId, OWNER } from "./store-rows.ts";

/** Expects of a store with the rows of `make-fixture.ts` that the service works with each of them. */
export async function expectUsable(store: Store): Promise<void> {
  expect(await store.keyByHash("hash_1")).toMatchObject({ id: "key_1", revokedAt: AT });
  const { items } = await store.jobs(OWNER, {}, { limit: 10 });
  expect(items.map(({ id, status }) => [id, status])).toEqual([
    [jobId(3), "scheduled"],
    [jobId(2), "queued"],
    [jobId(1), "completed"],
  ]);
  expect(await store.job(jobId(1))).toMatchObject({ durationSeconds: 600, billed: true, dispatchFailed: false });
  expect(await store.eventsAfter(jobId(1), 0, 10)).toHaveLength(6);
  const { items: deliveries } = await store.deliveries(jobId(1), { limit: 10 });
  expect(deliveries.map(({ state }) => state).sort()).toEqual([...Array(5).fill("pending"), "delivered"].sort());
  expect(await store.attempts([deliveries.find(({ state }) => state === "delivered")?.id ?? ""], 5)).toHaveLength(1);
  expect(await store.dueTimers(AT + 3_600_000, 10)).toContainEqual({
    ...{ jobId: jobId(3), kind: "join", dueAt: AT + 3_600_000 },
  });
  expect((await store.claimed()).map(({ id }) => id)).toEqual([jobId(1), jobId(2)]);
  await store.applyJobEvent(jobId(3), { type: "end_asked", at: AT, how: "cancel" });
  expect(await store.eventsAfter(jobId(3), 0, 10)).toMatchObject([{ seq: expect.any(Number), jobId: jobId(3) }]);
}
