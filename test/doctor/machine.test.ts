import { expect, it, test } from "vitest";
import { checkLibraries, checkOpusDecoder } from "../../src/doctor/machine.ts";

it("Every library that a job needs loads here, and the check names its version.", async () => {
  const checks = await checkLibraries();
  expect(checks.map(({ status }) => status)).toEqual(["ok", "ok", "ok"]);
  expect(checks[1]?.detail).toMatch(/^\d+\.\d+\.\d+, DAVE protocol 1$/);
});

it("A library that cannot be loaded fails, and the others pass.", async () => {
  const checks = await checkLibraries({
    broken: () => Promise.reject(new Error("invalid ELF header")),
    whole: async () => "1.0.0",
  });
  expect(checks).toMatchObject([
    { name: "broken", status: "fail", detail: "it cannot be loaded: invalid ELF header", exitCode: 1 },
    { name: "whole", status: "ok" },
  ]);
});

test("doctor names the Opus decoder, and reports a fault only if @discordjs/opus is installed and fails.", () => {
  const OpusEncoder = class {
    decode = () => Buffer.alloc(0);
  };
  expect(checkOpusDecoder({ kind: "loaded", version: "0.10.0", OpusEncoder })).toEqual({
    name: "opus decoder",
    status: "ok",
    detail: "@discordjs/opus 0.10.0",
  });
  expect(checkOpusDecoder({ kind: "absent" })).toMatchObject({
    status: "ok",
    detail: expect.stringMatching(/^libopus in WebAssembly/),
  });
  expect(checkOpusDecoder({ kind: "broken", reason: "built for Node 20" })).toMatchObject({
    status: "warn",
    detail: "libopus in WebAssembly, because @discordjs/opus cannot be loaded: built for Node 20",
    fix: expect.stringContaining("npm rebuild @discordjs/opus"),
  });
});
