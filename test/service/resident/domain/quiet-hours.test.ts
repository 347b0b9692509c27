import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isQuiet, localTime, quietHours, quietUntil } from "../../../../src/service/resident/domain/quiet-hours.ts";

const at = (instant: string) => Date.parse(instant);
const BERLIN = { from: "22:00", to: "07:00", timeZone: "Europe/Berlin" };

describe("quiet hours", () => {
  it.each([
    ["2026-11-30T20:59:59Z", false],
    ["2026-11-30T21:00:00Z", true],
    ["2026-12-01T05:59:59Z", true],
    ["2026-12-01T06:00:00Z", false],
    // In summer Berlin is an hour further ahead.
    ["2026-07-01T20:00:00Z", true],
    ["2026-07-01T05:00:00Z", false],
  ])("over midnight, in their time zone: %s is %s", (instant, quiet) => {
    expect(isQuiet(BERLIN, at(instant))).toBe(quiet);
  });

  it("end as the clocks show it on nights in which they change", () => {
    // 28 to 29 March 2026: 2:00 becomes 3:00. 24 to 25 October 2026: 3:00 becomes 2:00.
    expect(quietUntil(BERLIN, at("2026-03-28T22:00:00Z"))).toBe(at("2026-03-29T05:00:00Z"));
    expect(quietUntil(BERLIN, at("2026-10-24T21:00:00Z"))).toBe(at("2026-10-25T06:00:00Z"));
    // A time that does not exist that night: the clocks jump over it.
    const skipped = { ...BERLIN, to: "02:30" };
    expect(quietUntil(skipped, at("2026-03-28T23:00:00Z"))).toBe(at("2026-03-29T01:00:00Z"));
  });

  it("end at the first minute that is not quiet, in every zone", () => {
    const zones = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"];
    const time = fc
      .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
      .map((parts) => parts.map((part) => String(part).padStart(2, "0")).join(":"));
    const hours = fc.record({ from: time, to: time, timeZone: fc.constantFrom(...zones) });
    const instants = fc.integer({ min: at("2026-01-01T00:00:00Z"), max: at("2026-12-31T00:00:00Z") });
    fc.assert(
      fc.property(hours, instants, (given, instant) => {
        if (!quietHours.safeParse(given).success || !isQuiet(given, instant)) return;
        const end = quietUntil(given, instant);
        expect(end).toBeGreaterThan(instant);
        expect(end - instant).toBeLessThanOrEqual(27 * 3_600_000);
        expect([isQuiet(given, end - 1), isQuiet(given, end)]).toEqual([true, false]);
      }),
      { numRuns: 150 },
    );
  });

  it.each([
    [{ from: "22:00", to: "22:00", timeZone: "UTC" }],
    [{ from: "24:00", to: "07:00", timeZone: "UTC" }],
    [{ from: "22:00", to: "7", timeZone: "UTC" }],
    [{ from: "22:00", to: "07:00", timeZone: "Europe/Atlantis" }],
  ])("refuse %j", (given) => {
    expect(quietHours.safeParse(given).success).toBe(false);
  });

  it("show times of a zone", () => {
    expect(localTime(at("2026-11-30T23:05:00Z"), "Asia/Tokyo")).toEqual({ date: "2026-12-01", time: "08:05" });
  });
});
