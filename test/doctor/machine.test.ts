import { expect, it } from "vitest";
import { checkLibraries } from "../../src/doctor/machine.ts";

it("Every library that a job needs can be loaded here, and says its version.", async () => {
  const checks = await checkLibraries();
  expect(checks.map(({ status }) => status)).toEqual(["ok", "ok", "ok"]);
  expect(checks[1]?.detail).toMatch(/^\d+\.\d+\.\d+, DAVE protocol 1$/);
});

it("One that cannot be loaded fails, beside others that can.", async () => {
  const checks = await checkLibraries({
    broken: () => Promise.reject(new Error("invalid ELF header")),
    whole: async () => "1.0.0",
  });
  expect(checks).toMatchObject([
    { name: "broken", status: "fail", detail: "it cannot be loaded: invalid ELF header", exitCode: 1 },
    { name: "whole", status: "ok" },
  ]);
});
