import { describe, expect, it } from "vitest";
import { missingS3 } from "../support/s3-bucket.ts";
import { s3Server } from "../support/s3-shared.ts";
import { bucketStorage, type KillReport, killMany } from "./kills.ts";

async function all(kills: AsyncGenerator<KillReport>): Promise<KillReport[]> {
  const reports = [];
  for await (const report of kills) reports.push(report);
  return reports;
}

function expectNothingMissing(reports: readonly KillReport[]): void {
  expect(reports.flatMap(({ faults }) => faults)).toEqual([]);
  expect(reports.filter(({ state, due }) => state === "recording" && due > 0)).not.toEqual([]);
}

describe("a worker that is killed at any moment of a call loses less than a second, and is recovered", () => {
  it("into a folder", async () => {
    expectNothingMissing(await all(killMany(4, 3)));
  }, 300_000);

  it.skipIf(missingS3())(
    "into a bucket",
    async () => {
      const server = await s3Server();
      expectNothingMissing(await all(killMany(4, 1, () => bucketStorage(server))));
    },
    300_000,
  );
});
