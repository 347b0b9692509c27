import { beforeEach, describe, expect, it } from "vitest";
import type { Store } from "../../../src/service/ports/store.ts";
import { AT, FINALIZED, statusEvent } from "../support/job-rows.ts";
import { envelope, jobId, startJob, withKey } from "../support/store-rows.ts";

/** What any store must do with deliveries; part of the store's contract. */
export function deliveryContract(current: () => Store): void {
  let store: Store;
  beforeEach(() => {
    store = current();
  });

  describe("deliveries", () => {
    const lease = { leaseMs: 10_000, by: "sender", limit: 10 };
    const claim = { by: lease.by, dueSince: AT };
    const attempt = (deliveryId: string, number: number, status: number | null) => ({
      ...{ deliveryId, number, status, at: AT, latencyMs: 12.5, error: status === null ? "no answer" : null },
    });

    async function emit(...statuses: ("joining" | "in_call" | "recording")[]): Promise<string[]> {
      await withKey(store);
      await startJob(store, 1);
      const envelopes = statuses.map((status) => envelope(1, statusEvent(status)));
      for (const each of envelopes) await store.ingest("token_1_1", each, AT);
      return envelopes.map(({ deliveryId }) => deliveryId);
    }

    it("come in the order of their job, each when the one before it is settled", async () => {
      const [first = "", second = ""] = await emit("joining", "in_call");
      const claimed = await store.claimDeliveries({ at: AT, ...lease });
      expect(claimed).toMatchObject([{ id: first, job: { id: jobId(1) }, key: { id: "key_1" } }]);
      await store.noteAttempt(attempt(first, 1, 500), { state: "failed", nextAt: AT + 5_000 }, claim);
      expect(await store.claimDeliveries({ at: AT + 1, ...lease })).toEqual([]);
      expect(await store.claimDeliveries({ at: AT + 5_000, ...lease })).toMatchObject([{ id: first, attempts: 1 }]);
      await store.noteAttempt(attempt(first, 2, 200), { state: "delivered" }, claim);
      expect(await store.claimDeliveries({ at: AT + 5_000, ...lease })).toMatchObject([{ id: second }]);
    });

    it("are leased: a sender that died gives them back (retries lost in a crash)", async () => {
      const [first] = await emit("joining");
      expect(await store.claimDeliveries({ at: AT, ...lease })).toHaveLength(1);
      expect(await store.claimDeliveries({ at: AT + 9_999, ...lease })).toEqual([]);
      expect(await store.claimDeliveries({ at: AT + 10_000, ...lease })).toMatchObject([{ id: first }]);
    });

    it("are noted only by the holder of the lease (a sender that was stopped for long)", async () => {
      const [first = ""] = await emit("joining");
      await store.claimDeliveries({ at: AT, ...lease });
      await store.claimDeliveries({ at: AT + 10_000, ...lease, by: "another" });
      await store.noteAttempt(attempt(first, 1, 200), { state: "delivered" }, { by: "another", dueSince: AT });
      await store.noteAttempt(attempt(first, 1, 500), { state: "failed", nextAt: AT + 20_000 }, claim);
      expect(await store.delivery(first)).toMatchObject({ state: "delivered", attempts: 1 });
      expect(await store.attempts([first], 100)).toMatchObject([{ status: 200 }]);
    });

    it("wait for the other webhook only if both have one address", async () => {
      await withKey(store);
      await startJob(store, 1);
      await startJob(store, 2, { sharesHook: true });
      for (const number of [1, 2]) {
        for (const event of [statusEvent("completed"), { ...FINALIZED, jobId: jobId(number) }]) {
          await store.ingest(`token_${number}_1`, envelope(number, event), AT);
        }
      }
      const claimed = await store.claimDeliveries({ at: AT, ...lease });
      expect(claimed.map(({ jobId: id, event }) => [id, event]).toSorted()).toEqual([
        [jobId(1), "job.finalized"],
        [jobId(1), "job.status_changed"],
        [jobId(2), "job.status_changed"],
      ]);
    });

    it("are overdue only since they could be sent (a receiver that is down does not make the service not ready)", async () => {
      const [first = "", second = ""] = await emit("joining", "in_call");
      await store.claimDeliveries({ at: AT, ...lease });
      expect(await store.oldestDue(AT + 1)).toBeUndefined();
      await store.noteAttempt(attempt(first, 1, 500), { state: "failed", nextAt: AT + 3_600_000 }, claim);
      expect(await store.oldestDue(AT + 3_599_999)).toBeUndefined();
      await store.claimDeliveries({ at: AT + 3_600_000, ...lease });
      const answered = { ...attempt(first, 2, 200), at: AT + 3_600_100 };
      await store.noteAttempt(answered, { state: "delivered" }, claim);
      expect(await store.oldestDue(AT + 3_600_200)).toBe(AT + 3_600_100);
      expect(await store.claimDeliveries({ at: AT + 3_600_200, ...lease })).toMatchObject([{ id: second }]);
    });

    it("of some keys can be skipped", async () => {
      await emit("joining");
      expect(await store.claimDeliveries({ at: AT, ...lease, exceptKeys: ["key_1"] })).toEqual([]);
      expect(await store.claimDeliveries({ at: AT, ...lease, exceptKeys: ["key_2"] })).toHaveLength(1);
    });

    it("that name people are deleted with the recording, with their attempts", async () => {
      await emit("joining", "recording");
      const { metadata, externalId } = FINALIZED;
      const participant = { id: "1", username: "ada", displayName: "Ada Lovelace", bot: false };
      const answered = { event: "bot.recording_permission_response", participant, granted: true } as const;
      const named = { ...answered, metadata, externalId, jobId: jobId(1) };
      await store.ingest("token_1_1", envelope(1, named), AT);
      await store.ingest("token_1_1", envelope(1, statusEvent("completed")), AT);
      for (let sent = 0; sent < 4; sent += 1) {
        for (const { id } of await store.claimDeliveries({ at: AT, ...lease })) {
          await store.noteAttempt(attempt(id, 1, 200), { state: "delivered" }, claim);
        }
      }
      const all = async () =>
        JSON.stringify([await store.eventsAfter(jobId(1), 0, 99), await store.deliveries(jobId(1), { limit: 99 })]);
      expect(await all()).toContain("Ada Lovelace");
      expect(await store.markDeleted(jobId(1), 3, AT)).toBe(true);
      expect(await all()).not.toContain("Ada Lovelace");
      const { items } = await store.deliveries(jobId(1), { limit: 99 });
      expect(items[0]).toMatchObject({ event: "recording.deleted", state: "pending" });
    });

    it("are one ledger of due events, attempts, dead letters and resent events", async () => {
      const [first = ""] = await emit("joining");
      expect(await store.oldestDue(AT)).toBe(AT);
      await store.claimDeliveries({ at: AT, ...lease });
      await store.noteAttempt(attempt(first, 1, null), { state: "failed", nextAt: undefined }, claim);
      expect(await store.delivery(first)).toMatchObject({ state: "dead", attempts: 1 });
      expect(await store.oldestDue(AT)).toBeUndefined();
      expect(await store.resend(first, AT + 1)).toBe(true);
      expect(await store.resend("dlv_none", AT)).toBe(false);
      expect(await store.claimDeliveries({ at: AT + 1, ...lease })).toMatchObject([{ id: first, dueSince: AT + 1 }]);
      await store.noteAttempt(attempt(first, 2, 204), { state: "delivered" }, { ...claim, dueSince: AT + 1 });
      expect(await store.attempts([first], 100)).toMatchObject([
        { number: 1, error: "no answer" },
        { number: 2, status: 204 },
      ]);
    });

    it("that are resent while they are being sent are sent again, even in the same millisecond", async () => {
      const [first = ""] = await emit("joining");
      await store.claimDeliveries({ at: AT, ...lease });
      expect(await store.resend(first, AT)).toBe(true);
      expect(await store.claimDeliveries({ at: AT + 1, ...lease })).toEqual([]);
      await store.noteAttempt(attempt(first, 1, 200), { state: "delivered" }, claim);
      expect(await store.delivery(first)).toMatchObject({ state: "pending", attempts: 1, nextAt: AT });
      const [again] = await store.claimDeliveries({ at: AT + 1, ...lease });
      expect(again).toMatchObject({ id: first, attempts: 1 });
      const dueSince = again?.dueSince ?? 0;
      await store.noteAttempt(attempt(first, 2, 200), { state: "delivered" }, { ...claim, dueSince });
      expect(await store.delivery(first)).toMatchObject({ state: "delivered", attempts: 2 });
    });

    it("show the newest attempts of each", async () => {
      const [first = ""] = await emit("joining");
      for (let number = 1; number <= 5; number += 1) {
        await store.claimDeliveries({ at: AT, ...lease });
        await store.noteAttempt(attempt(first, number, 500), { state: "failed", nextAt: AT }, claim);
      }
      const newest = await store.attempts([first, "dlv_none"], 2);
      expect(newest.map(({ number }) => number)).toEqual([4, 5]);
      expect(await store.attempts([], 2)).toEqual([]);
    });

    it("are only made for the webhooks that the job has", async () => {
      await withKey(store);
      await startJob(store, 1, { hasStatusHook: false });
      for (const status of ["recording", "finalizing", "completed"] as const) {
        await store.ingest("token_1_1", envelope(1, statusEvent(status)), AT);
      }
      await store.ingest("token_1_1", envelope(1, FINALIZED), AT);
      const { items } = await store.deliveries(jobId(1), { limit: 10 });
      expect(items.map(({ event, kind }) => [event, kind])).toEqual([["job.finalized", "finalize"]]);
    });

    it("page newest first", async () => {
      const ids = await emit("joining", "in_call", "recording");
      const first = await store.deliveries(jobId(1), { limit: 2 });
      const rest = await store.deliveries(jobId(1), { limit: 2, cursor: first.next ?? "" });
      expect([...first.items, ...rest.items].map(({ id }) => id)).toEqual(ids.toReversed());
      expect(rest.next).toBeNull();
    });
  });
}
