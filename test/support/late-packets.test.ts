import { expect, test } from "vitest";
import { overtakenLong, pausesOf } from "./late-packets.ts";

test("A packet is overtaken for long if any later one left 200 ms before it.", () => {
  const sentAtMs = new Map([
    [0, 0],
    [1, 500],
    [2, 300],
    [3, 301],
    [4, 501],
    [6, 499],
    [7, 302],
  ]);
  expect(overtakenLong(sentAtMs)).toEqual([1]);
  expect(overtakenLong(new Map([...sentAtMs, [4, 502]]))).toEqual([4, 1]);
  expect(overtakenLong(new Map())).toEqual([]);
});

test("Pauses are counted in the order in which packets left.", () => {
  const sentAtMs = new Map([
    [0, 0],
    [1, 1_000],
    [2, 20],
    [3, 2_000],
  ]);
  expect([1_001, 1_000, 980].map((atLeastMs) => pausesOf(sentAtMs, atLeastMs))).toEqual([0, 1, 2]);
});
