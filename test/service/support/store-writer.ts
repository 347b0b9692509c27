import { AT, FINALIZED, statusEvent } from "./job-rows.ts";
import { openStore } from "./open-store.ts";
import { answerOf, claimJob, envelope, jobId, newJob } from "./store-rows.ts";

/**
 * A process that writes to a store until it is killed: `store-writer.ts PLACE FIRST COUNT`. It runs jobs from their
 * creation to their end, and prints a line for each commit.
 */
const [, , place = "", first = "0", count = "1000"] = process.argv;
const STATUSES = ["joining", "in_call", "recording", "finalizing", "completed"] as const;

const store = await openStore(place);
process.stdout.write("open\n");
for (let number = Number(first); number < Number(first) + Number(count); number += 1) {
  // Two writers ask for the same jobs.
  const creation = await store.createJob(newJob(number, { externalId: `call-${number % 10_000}` }), {
    at: AT,
    answerOf,
  });
  process.stdout.write(`${creation.kind} ${jobId(number)}\n`);
  if (creation.kind !== "created") continue;
  await claimJob(store, number, 1);
  for (const status of STATUSES) {
    const event = envelope(number, statusEvent(status), `dlv_${number}_${status}`);
    await store.ingest(`token_${number}_1`, event, AT);
    process.stdout.write(`event ${event.deliveryId}\n`);
  }
  const finalized = envelope(number, FINALIZED, `dlv_${number}_finalized`);
  await store.ingest(`token_${number}_1`, finalized, AT);
  process.stdout.write(`event ${finalized.deliveryId}\n`);
  await store.applyJobEvent(jobId(number), {
    type: "worker_gone",
    at: AT,
    attempt: 1,
    how: "exit code 0",
    remains: "nothing",
  });
}
await store.close();
