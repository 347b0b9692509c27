import { expect, it } from "vitest";
import { killMany } from "./kills.ts";

it("a worker that is killed at any moment of a call loses less than a second, and can be recovered", async () => {
  const reports = [];
  for await (const report of killMany(5, 3)) reports.push(report);
  expect(reports.flatMap(({ faults }) => faults)).toEqual([]);
  expect(reports.filter(({ state, due }) => state === "recording" && due > 0)).not.toEqual([]);
}, 300_000);
