import { describe, expect, it } from "vitest";
import { InputError, JobError } from "../../src/errors.ts";
import { exitCodeOf, failedBy, ok, warn } from "../../src/session/doctor-check.ts";

describe("the exit code of checks", () => {
  it("is 0 if nothing fails, even with warnings", () => {
    expect(exitCodeOf([ok("a", "fine"), warn("b", "less than fine", "mend it")])).toBe(0);
  });

  it("is that of the first failure, which would end a job", () => {
    const refused = failedBy("token", new JobError("auth_failure", "refused"), "take another");
    const unknown = failedBy("guild", new JobError("meeting_not_found", "unknown"), "invite it");
    expect(exitCodeOf([ok("a", "fine"), refused, unknown])).toBe(3);
    expect(exitCodeOf([unknown, refused])).toBe(1);
  });

  it("is 1 for bad input, and 2 for an unexpected error", () => {
    expect(failedBy("storage", new InputError("no such folder"), "make it").exitCode).toBe(1);
    expect(failedBy("storage", new Error("boom"), "report it")).toEqual({
      name: "storage",
      status: "fail",
      detail: "boom",
      fix: "report it",
      exitCode: 2,
    });
  });
});

it("A check says what it found, and what to do about it.", () => {
  expect(ok("a", "fine")).toEqual({ name: "a", status: "ok", detail: "fine" });
  expect(warn("b", "slow", "wait")).toEqual({ name: "b", status: "warn", detail: "slow", fix: "wait" });
});
