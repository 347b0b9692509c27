import { type CheckResult, ok } from "../session/doctor-check.ts";

/**
 * Says which secrets the environment holds. Linux keeps the environment that a process was started with in
 * `/proc/PID/environ`, even after the process has deleted a variable.
 *
 * @param names of the settings that are secret and set in the environment itself, not by a `_FILE`
 */
export function checkSecrets(names: readonly string[]): CheckResult {
  if (names.length === 0) return ok("secrets", "none is in the environment");
  const files = names.map((name) => `${name}_FILE`).join(", ");
  const detail = `processes of the same user can read ${names.join(", ")} in /proc, because the environment holds the value; use ${files} to avoid this`;
  return ok("secrets", detail);
}
