import { describe, expect, it } from "vitest";
import { DeafnessMonitor } from "../../src/discord/deafness.ts";

describe("DeafnessMonitor", () => {
  it("counts from the first sign of speech that nothing is heard of", () => {
    const monitor = new DeafnessMonitor();
    expect(monitor.unheardMs(1_000)).toBe(0);
    monitor.sign(1_000);
    monitor.sign(6_000);
    expect(monitor.unheardMs(11_000)).toBe(10_000);
  });

  it("begins anew with each word that is heard", () => {
    const monitor = new DeafnessMonitor();
    monitor.sign(0);
    monitor.heard();
    expect(monitor.unheardMs(5_000)).toBe(0);
    monitor.sign(5_000);
    expect(monitor.unheardMs(5_500)).toBe(500);
  });

  it("does not take a single click for unheard speech for ever", () => {
    const monitor = new DeafnessMonitor();
    monitor.sign(0);
    expect(monitor.unheardMs(15_000)).toBe(15_000);
    expect(monitor.unheardMs(15_001)).toBe(0);
  });
});
