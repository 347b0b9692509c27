import { describe, expect, it } from "vitest";
import { missingS3 } from "../support/s3-bucket.ts";
import { s3Server } from "../support/s3-shared.ts";
import { bucketStorage, dueBefore, type KillResult, killMany } from "./kills.ts";

async function all(kills: AsyncGenerator<KillResult>): Promise<KillResult[]> {
  const results = [];
  for await (const result of kills) results.push(result);
  return results;
}

function expectNothingMissing(results: readonly KillResult[]): void {
  expect(results.flatMap(({ faults }) => faults)).toEqual([]);
  expect(results.filter(({ state, due }) => state === "recording" && due > 0)).not.toEqual([]);
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

describe("the packets that a kill may not cost", () => {
  /** One packet is sent with each look. */
  const looksAt = (times: readonly number[]) =>
    times.map((atMs, index) => ({ atMs, sent: new Map([["1", index + 1]]) }));
  const everyTwentyMs = (fromMs: number, count: number) =>
    Array.from({ length: count }, (_, index) => fromMs + index * 20);

  it("are those that were sent a second before", () => {
    expect(dueBefore(looksAt(everyTwentyMs(0, 100)), 1_985).get("1")).toBe(50);
    expect([...dueBefore(looksAt(everyTwentyMs(0, 40)), 800)]).toEqual([]);
  });

  it("are those of a second in which the machine had time, if the looks before the kill were late", () => {
    const looks = looksAt([...everyTwentyMs(0, 80), ...everyTwentyMs(1_980, 20)]);
    expect(dueBefore(looks, 2_365).get("1")).toBe(50);
  });
});
