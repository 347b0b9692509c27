import { type FailureCode, InputError, JobError, messageOf } from "../errors.ts";
import { type ExitCode, FAILURES } from "./exit.ts";

/** One check of `doctor`. */
export interface CheckResult {
  readonly name: string;
  /** `fail`: a job would not start. `warn`: it would start, but something would be missing. */
  readonly status: "ok" | "warn" | "fail";
  /** The finding. */
  readonly detail: string;
  /** What to do about it. */
  readonly fix?: string;
  /** If it fails, the exit code of a job. */
  readonly exitCode?: ExitCode;
}

export function ok(name: string, detail: string): CheckResult {
  return { name, status: "ok", detail };
}

export function warn(name: string, detail: string, fix: string): CheckResult {
  return { name, status: "warn", detail, fix };
}

export function fail(name: string, failureCode: FailureCode, detail: string, fix: string): CheckResult {
  return { name, status: "fail", detail, fix, exitCode: FAILURES[failureCode].exitCode };
}

/** The exit code that a job would have had: 1 for bad input, the code's own for a failure, 2 for anything else. */
export function failedBy(name: string, error: unknown, fix: string): CheckResult {
  if (error instanceof JobError) return fail(name, error.failureCode, error.message, fix);
  return { name, status: "fail", detail: messageOf(error), fix, exitCode: error instanceof InputError ? 1 : 2 };
}

/** @param checks in the order in which a job meets them */
export function exitCodeOf(checks: readonly CheckResult[]): ExitCode {
  return checks.find(({ status }) => status === "fail")?.exitCode ?? 0;
}
