import { describe, expect, it } from "vitest";
import { DROP_FATES, noDrops } from "../../src/audio/fates.ts";
import { datagramFates } from "../../src/session/shapes.ts";

describe("datagrams by their fate", () => {
  it("have a counter for each fate", () => {
    const { dropped } = datagramFates.parse({ received: 0, written: 0, dropped: {} });
    expect(Object.keys(dropped)).toEqual([...DROP_FATES]);
    expect(Object.keys(noDrops())).toEqual([...DROP_FATES]);
  });

  it("of an earlier version have 0 for the fates that it did not know", () => {
    const { excess, silence, ...known } = { ...noDrops(), late: 3 };
    expect(datagramFates.parse({ received: 4, written: 1, dropped: known })).toEqual({
      received: 4,
      written: 1,
      dropped: { ...known, excess: 0, silence: 0 },
    });
  });

  it("of a later version keep unknown fates, so the sum is right", () => {
    const datagrams = { received: 5, written: 1, dropped: { ...noDrops(), of_tomorrow: 4 } };
    expect(datagramFates.parse(datagrams)).toEqual(datagrams);
  });

  it("with more than 1,000 names are refused in one sentence", () => {
    const dropped = Object.fromEntries(Array.from({ length: 1_001 }, (_, index) => [`fate${index}`, "x"]));
    expect(datagramFates.safeParse({ received: 0, written: 0, dropped }).error?.issues).toMatchObject([
      { path: ["dropped"], message: "more than 1000 names" },
    ]);
  });

  it.each([-1, 0.5, "1", null])("are refused if the value of a fate is not a count: %j", (count) => {
    for (const fate of ["late", "of_tomorrow"])
      expect(datagramFates.safeParse({ received: 0, written: 0, dropped: { [fate]: count } }).success).toBe(false);
  });
});
