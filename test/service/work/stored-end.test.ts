import { describe, expect, it } from "vitest";
import { StorageUnavailableError } from "../../../src/service/ports/recordings.ts";
import { FINALIZED, statusEvent } from "../support/job-rows.ts";
import { envelope, jobId } from "../support/store-rows.ts";
import { GONE, newService } from "./new-service.ts";

describe("a job whose worker left nothing, in a database of an earlier time (a backup)", () => {
  it("ends as its stored manifest says, with the events and ids of its worker", async () => {
    const { create, pass, launcher, report, job, store, storageSays } = await newService();
    await create(1);
    await pass(0);
    await report(1, statusEvent("recording"));
    launcher.verdict = GONE;
    const [completed, finalized] = [envelope(1, statusEvent("completed")), envelope(1, FINALIZED)];
    storageSays(async () => [completed, finalized]);
    await pass(1_000);
    expect(await job()).toMatchObject({
      status: "completed",
      durationSeconds: 600,
      failureCode: null,
      claimedAt: null,
    });
    const events = await store.eventsAfter(jobId(1), 0, 10);
    expect(events.slice(1).map(({ eventId }) => eventId)).toEqual([completed.deliveryId, finalized.deliveryId]);
  });

  it("waits up to 10 minutes for a storage that does not answer, and then fails with the reason", async () => {
    const { create, pass, launcher, report, job, storageSays } = await newService();
    await create(1);
    await pass(0);
    await report(1, statusEvent("recording"));
    launcher.verdict = GONE;
    storageSays(async () => {
      throw new StorageUnavailableError("the bucket cannot be reached");
    });
    for (let minute = 0; minute < 10; minute += 1) await pass(59_000);
    expect(await job()).toMatchObject({ status: "recording" });
    await pass(120_000);
    expect(await job()).toMatchObject({ status: "failed", failureCode: "internal_error" });
  });
});
