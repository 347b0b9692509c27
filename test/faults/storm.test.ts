import { expect, it } from "vitest";
import { runStorm } from "./storm.ts";

it("a storm of faults ends with a clean recording in which everything is present or declared", async () => {
  const { recorded, faults, verifyFaults, said, heard, undeclared } = await runStorm({ seconds: 40, seed: 7 });
  expect(recorded).toMatchObject({ exitCode: 0, manifest: { exitReason: "alone_in_room", failureCode: null } });
  expect(faults.length).toBeGreaterThan(2);
  expect(verifyFaults).toEqual([]);
  expect(undeclared).toEqual([]);
  expect(heard).toBeGreaterThan(said / 2);
});
