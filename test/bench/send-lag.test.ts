import { expect, test } from "vitest";
import { sendLagsMs } from "./send-lag.ts";

const DUE_MS = [1_000, 1_020, 1_040, 1_060];

test("a sender that keeps pace has no lag, whenever its call began", () => {
  const samples = [
    { atMs: 5_990, sent: 0 },
    { atMs: 6_000, sent: 1 },
    { atMs: 6_030, sent: 2 },
    { atMs: 6_050, sent: 3 },
  ];
  expect(sendLagsMs(samples, DUE_MS)).toEqual([0, 0, 0]);
});

test("a sender that falls behind lags by how long its next packet has been due", () => {
  const samples = [
    { atMs: 1_000, sent: 1 },
    { atMs: 1_050, sent: 2 },
    { atMs: 1_070, sent: 2 },
    { atMs: 1_100, sent: 3 },
  ];
  expect(sendLagsMs(samples, DUE_MS)).toEqual([0, 10, 30, 40]);
});

test("nothing is late once everything is sent", () => {
  expect(sendLagsMs([{ atMs: 2_000, sent: 4 }], DUE_MS)).toEqual([]);
});
