import { expect, test } from "vitest";
import type { PeerName } from "./peers.ts";
import type { LoadKey, Measurement } from "./results.ts";
import { judgeTargets } from "./targets.ts";

const MODE = "aead_aes256_gcm_rtpsize";

function measured(peer: PeerName, load: LoadKey, figures: Measurement["figures"]): Measurement {
  return { section: "cpu", peer, load, rounds: 1, figures, instead: {} };
}

/** The cost of a packet for each of the three. */
function cpu(speakers: number, ours: number, recipe: number, floor: number): Measurement[] {
  const load = { speakers, encryptionMode: MODE } as const;
  const costs = { ours, recipe, floor };
  return (["ours", "recipe", "floor"] as const).map((peer) =>
    measured(peer, load, { cpuMicrosPerPacket: costs[peer] }),
  );
}

test("CPU in a full call is compared with the recipe and with the floor of the same load", () => {
  const verdicts = judgeTargets([...cpu(25, 60, 100, 70), ...cpu(99, 50, 100, 40)]);
  expect(verdicts.map(({ load, target, value, verdict }) => [load.speakers, target, value, verdict])).toEqual([
    [25, "at most 0.5 × recipe", 0.6, "missed"],
    [25, "at most 1 × floor", 60 / 70, "met"],
    [99, "at most 0.5 × recipe", 0.5, "met"],
    [99, "at most 1 × floor", 1.25, "missed"],
  ]);
});

test("CPU in a small call is compared only with the recipe, and a call without a target is not judged", () => {
  const verdicts = judgeTargets([...cpu(4, 60, 100, 10), ...cpu(10, 500, 100, 10)]);
  expect(verdicts.map(({ target, verdict }) => [target, verdict])).toEqual([["at most 0.5 × recipe", "missed"]]);
});

test("if the recipe hears nothing, there is nothing to compare with", () => {
  const [ours, , floor] = cpu(25, 60, 100, 50);
  const recipe: Measurement = {
    ...measured("recipe", { speakers: 25, encryptionMode: MODE }, {}),
    instead: { cpuMicrosPerPacket: "hears nothing" },
  };
  const verdicts = judgeTargets([ours, recipe, floor].filter((measurement) => measurement !== undefined));
  expect(verdicts.map(({ target }) => target)).toEqual(["at most 1 × floor"]);
});

test("one lost packet in the worst run at the usual rate misses the target", () => {
  const load = { speakers: 99, rate: 1 };
  const [verdict] = judgeTargets([measured("ours", load, { lostPackets: 0, worstLostPackets: 1 })]);
  expect(verdict).toMatchObject({ figure: "worstLostPackets", verdict: "missed" });
});

test("headroom has a minimum and growth a maximum, in a call that is long enough to show them", () => {
  const verdicts = judgeTargets([
    measured("ours", { speakers: 99 }, { fastestWithoutLoss: 4 }),
    measured("ours", { speakers: 10, seconds: 3_600 }, { slopeMegabytesPerHour: 1 }),
    measured("ours", { speakers: 10, seconds: 480 }, { slopeMegabytesPerHour: -50 }),
  ]);
  expect(verdicts.map(({ figure, verdict }) => [figure, verdict])).toEqual([
    ["fastestWithoutLoss", "met"],
    ["slopeMegabytesPerHour", "missed"],
    ["slopeMegabytesPerHour", "void"],
  ]);
});

test("a run in which the worker lost packets or the load was late meets no share", () => {
  const [ours, ...others] = cpu(4, 40, 100, 10);
  if (ours === undefined) throw new Error("ours is the first");
  const lossy = { ...ours, figures: { ...ours.figures, lostPackets: 1 } };
  const lagging = { ...ours, sendLagMs: 21 };
  const verdicts = [ours, lossy, lagging].map((measurement) => judgeTargets([measurement, ...others])[0]?.verdict);
  expect(verdicts).toEqual(["met", "void", "void"]);
});
