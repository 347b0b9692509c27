import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { templateProblem, titleOf } from "../../../../src/service/resident/domain/title.ts";

const FACTS = {
  ...{ channel: "Table", category: "Games", server: "Dungeon", starter: "Ada" },
  ...{ at: Date.parse("2026-11-30T23:30:00Z"), timeZone: "Europe/Berlin" },
};

describe("titles", () => {
  it("fill in the fields, with the time of the server's zone", () => {
    expect(titleOf("{channel} of {category} in {server}, {date} {time}, by {starter}", FACTS)).toBe(
      "Table of Games in Dungeon, 2026-12-01 00:30, by Ada",
    );
  });

  it("do not take fields from names", () => {
    expect(titleOf("{channel}", { ...FACTS, channel: "{server}" })).toBe("{server}");
  });

  it.each([
    ["{chanel}", "{chanel}"],
    ["{}", "{}"],
    ["   ", "empty"],
    ["x".repeat(101), "100"],
  ])("refuse %j and say why", (template, part) => {
    expect(templateProblem(template)).toContain(part);
  });

  it("are one line of at most 100 characters", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 150 }), fc.string({ unit: "binary", maxLength: 200 }), (template, channel) => {
        const title = titleOf(`${template}{channel}`, { ...FACTS, channel });
        expect([...title].length).toBeLessThanOrEqual(100);
        expect(title).not.toMatch(/[\n\r\0]/);
      }),
    );
  });
});
