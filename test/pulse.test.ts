import { expect, it } from "vitest";
import { Pulse } from "../src/pulse.ts";
import { VirtualClock } from "./support/virtual-clock.ts";

function pulseOf() {
  const clock = new VirtualClock();
  const ticks: number[] = [];
  const state = { isQuiet: false };
  const pulse = new Pulse({ clock, isQuiet: () => state.isQuiet, tick: (intervalMs) => ticks.push(intervalMs) });
  return { clock, ticks, state, pulse };
}

it("ticks ten times a second, and once a second in quiet", async () => {
  const { clock, ticks, state } = pulseOf();
  await clock.advance(1_000);
  expect(ticks).toEqual(Array.from({ length: 10 }, () => 100));
  state.isQuiet = true;
  await clock.advance(5_100);
  expect(ticks.slice(10)).toEqual([100, 1_000, 1_000, 1_000, 1_000, 1_000]);
});

it("ticks within 100 ms of being woken, and often until it is quiet again", async () => {
  const { clock, ticks, state, pulse } = pulseOf();
  state.isQuiet = true;
  await clock.advance(1_200);
  ticks.splice(0);
  state.isQuiet = false;
  pulse.wake();
  pulse.wake();
  await clock.advance(100);
  expect(ticks).toEqual([100]);
  state.isQuiet = true;
  await clock.advance(1_100);
  expect(ticks).toEqual([100, 100, 1_000]);
});

it("never ticks after it was stopped, whoever wakes it", async () => {
  const { clock, ticks, pulse } = pulseOf();
  pulse.stop();
  pulse.wake();
  await clock.advance(3_000);
  expect(ticks).toEqual([]);
});
