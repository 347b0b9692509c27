import { type CheckResult, failedBy, ok } from "../session/doctor-check.ts";

/**
 * Checks the input that a job reads at its start, and that could end it.
 *
 * @param unused the reason why it is not used; undefined if it is
 */
export async function checkInput(
  name: string,
  fix: string,
  read: () => unknown,
  unused?: string,
): Promise<CheckResult> {
  if (unused !== undefined) return ok(name, `not used: ${unused}`);
  try {
    await read();
    return ok(name, "it can be used");
  } catch (error) {
    return failedBy(name, error, fix);
  }
}
