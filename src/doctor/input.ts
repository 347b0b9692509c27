import { type CheckResult, failedBy, ok } from "../session/check.ts";

/** What a job reads at its start, and would end over. */
export async function checkInput(name: string, fix: string, read: () => unknown): Promise<CheckResult> {
  try {
    await read();
    return ok(name, "it can be used");
  } catch (error) {
    return failedBy(name, error, fix);
  }
}
