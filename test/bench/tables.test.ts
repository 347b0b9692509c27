import { expect, test } from "vitest";
import type { Measurement, Results } from "./results.ts";
import { markdownTable, markdownTargets, textTable } from "./tables.ts";
import { judgeTargets } from "./targets.ts";

const LOAD = { speakers: 25, encryptionMode: "aead_xchacha20_poly1305_rtpsize" } as const;
const MEASUREMENTS: readonly Measurement[] = [
  {
    section: "cpu",
    peer: "ours",
    load: LOAD,
    rounds: 3,
    figures: { cpuMicrosPerPacket: 65, sentPackets: 6_000, lostPackets: 0 },
    instead: {},
  },
  {
    section: "cpu",
    peer: "recipe",
    load: LOAD,
    rounds: 3,
    figures: {},
    instead: { cpuMicrosPerPacket: "hears nothing", lostPackets: "hears nothing" },
  },
  {
    section: "cpu",
    peer: "floor",
    load: LOAD,
    rounds: 3,
    figures: { cpuMicrosPerPacket: 50, sentPackets: 6_000, lostPackets: 2 },
    instead: {},
  },
];

function resultsOf(measurements: readonly Measurement[], quick = false): Results {
  return { machine: ["a machine"], quick, measurements: [...measurements], targets: judgeTargets(measurements) };
}

test("a row shows the peers side by side, and our targets", () => {
  const lines = textTable(resultsOf(MEASUREMENTS)).split("\n");
  const row = lines.find((line) => line.startsWith("CPU for a packet")) ?? "";
  expect(row.split(/ {2,}/)).toEqual([
    "CPU for a packet, 25 speakers, XChaCha20",
    "50.0 µs",
    "hears nothing",
    "65.0 µs",
    "at most 1 × floor (1.30): MISSED",
  ]);
});

test("if the load was late, the figures are marked, targets are void, and the table says why", () => {
  const late = MEASUREMENTS.map((measurement) => ({ ...measurement, sendLagMs: 21 }));
  const text = textTable(resultsOf(late));
  expect(text).toMatch(/50\.0 µs† .* 65\.0 µs† .*\(1\.30\): VOID/);
  expect(text).toMatch(/\n† the load itself was late.*\nvoid: says nothing/);
});

test("losses are shown with the number of packets that were sent", () => {
  expect(textTable(resultsOf(MEASUREMENTS))).toMatch(/packets lost.* 2 of 6000 .*hears nothing .* 0 of 6000/);
});

test("the first lines name the machine and say if the run was quick", () => {
  const [first, second] = textTable(resultsOf([], true)).split("\n");
  expect([first, second]).toEqual(["a machine", expect.stringContaining("QUICK")]);
});

test("a document gets every row or only those with a target, and missed targets are bold", () => {
  const results = resultsOf(MEASUREMENTS);
  expect(markdownTable(results)).toContain(
    "| packets lost, 25 speakers, XChaCha20 | 2 of 6000 | hears nothing | 0 of 6000 |  |",
  );
  expect(markdownTargets(results).split("\n").at(-1)).toBe(
    "| CPU for a packet, 25 speakers, XChaCha20 | at most 1 × floor | 1.30 | **missed** |",
  );
});
