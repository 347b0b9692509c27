import { expect, test } from "vitest";
import { columnsOf } from "../../../src/report/browser/columns.ts";

const wave = { fromMs: 1_000, peaks: Uint8Array.from([10, 200, 30, 40]) };

test("A column shows the loudest moment in it", () => {
  expect([...columnsOf([wave], { fromMs: 960, toMs: 1_120 }, 4)]).toEqual([0, 200, 40, 0]);
});

test("When zoomed in, one moment fills several columns", () => {
  expect([...columnsOf([wave], { fromMs: 1_000, toMs: 1_040 }, 8)]).toEqual([10, 10, 10, 10, 200, 200, 200, 200]);
});

test("What is outside the view is not drawn", () => {
  expect([...columnsOf([wave], { fromMs: 1_080, toMs: 1_160 }, 4)]).toEqual([0, 0, 0, 0]);
  expect([...columnsOf([wave], { fromMs: 0, toMs: 1_000 }, 4)]).toEqual([0, 0, 0, 0]);
});
