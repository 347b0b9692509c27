import { expect, it } from "vitest";
import { Latencies } from "../../../src/recording/call/latencies.ts";

it("counts each duration once in every bound that it does not exceed, and a negative one in all of them", () => {
  const latencies = new Latencies();
  expect(latencies.counts()).toMatchObject({ count: 0, sumMs: 0 });
  for (const durationMs of [0, 50, 51, 500, 501, 2_500, 3_000, -500]) latencies.observe(durationMs);
  const { upTo, count, sumMs } = latencies.counts();
  expect(Object.fromEntries(upTo)).toEqual({
    ...{ 50: 3, 100: 4, 250: 4, 500: 5, 600: 6, 750: 6, 1000: 6, 2500: 7 },
  });
  expect([count, sumMs]).toEqual([8, 6_102]);
});
