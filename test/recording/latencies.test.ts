import { expect, it } from "vitest";
import { Latencies } from "../../src/recording/latencies.ts";

it("counts each duration once in every bound that it does not exceed, one below zero in all of them", () => {
  const latencies = new Latencies();
  for (const durationMs of [500, 501, 3_000, -500]) latencies.observe(durationMs);
  const { upTo, count, sumMs } = latencies.counts();
  expect(Object.fromEntries(upTo)).toEqual({
    ...{ 50: 1, 100: 1, 250: 1, 500: 2, 600: 3, 750: 3, 1000: 3, 2500: 3 },
  });
  expect([count, sumMs]).toEqual([4, 3_501]);
});
