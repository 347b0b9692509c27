import { describe, expect, it } from "vitest";
import { complaintsAbout, recordQuiet } from "./quiet.ts";

describe.concurrent("a quiet call", () => {
  it.each([1, 0] as const)("with DAVE version %i continues, whatever is announced, lost and moved", async (version) => {
    expect(complaintsAbout(await recordQuiet(44, version))).toEqual([]);
  });
});
