import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
import { LoadQueue } from "../../../../../src/service/page/browser/recordings/load-queue.ts";

it("A queue runs only so many tasks at once, the others in order, and continues after one that fails.", async () => {
  const queue = new LoadQueue(2);
  const began: number[] = [];
  const gates = Array.from({ length: 5 }, () => Promise.withResolvers<void>());
  const results = gates.map(({ promise }, index) =>
    queue.run(async () => {
      began.push(index);
      await promise;
      if (index === 0) throw new Error("no file");
      return index;
    }),
  );
  const settled = Promise.allSettled(results);
  await turn();
  expect(began).toEqual([0, 1]);
  gates[0]?.resolve();
  await turn();
  expect(began).toEqual([0, 1, 2]);
  for (const { resolve } of gates) resolve();
  expect((await settled).map(({ status }) => status)).toEqual(["rejected", ...Array(4).fill("fulfilled")]);
  expect(await queue.run(async () => "again")).toBe("again");
});
