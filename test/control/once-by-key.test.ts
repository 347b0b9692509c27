import { expect, it } from "vitest";
import { OnceByKey } from "../../src/control/once-by-key.ts";

it("An action runs once per key, every time without a key, and again after a failure.", async () => {
  const once = new OnceByKey<number>();
  let runs = 0;
  const count = async () => {
    runs += 1;
    return runs;
  };
  expect([await once.run("a", count), await once.run("a", count), await once.run("b", count)]).toEqual([1, 1, 2]);
  expect([await once.run(undefined, count), await once.run(undefined, count)]).toEqual([3, 4]);
  await expect(once.run("c", () => Promise.reject(new Error("away")))).rejects.toThrow("away");
  expect(await once.run("c", count)).toBe(5);
});

it("Only the latest thousand keys are remembered.", async () => {
  const once = new OnceByKey<number>();
  for (let key = 0; key <= 1_000; key += 1) await once.run(String(key), async () => key);
  expect(await once.run("1", async () => -1)).toBe(1);
  expect(await once.run("0", async () => -1)).toBe(-1);
});
