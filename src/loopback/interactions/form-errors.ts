/** Discord's answer to a body that it does not accept: the errors by field. */

import type * as z from "zod";
import type { Json } from "../json.ts";

/**
 * The answer's body, with a list of errors at the place of each wrong field.
 * https://discord.com/developers/docs/reference#error-messages
 */
export function invalidForm({ issues }: z.ZodError): Json {
  const errors: Record<string, unknown> = {};
  for (const { path, message } of issues) addError(errors, path.map(String), message);
  return { message: "Invalid Form Body", code: 50035, errors };
}

function addError(errors: Record<string, unknown>, path: readonly string[], message: string): void {
  const [key, ...rest] = path;
  if (key === undefined) {
    const known = Array.isArray(errors._errors) ? errors._errors : [];
    errors._errors = [...known, { code: "BASE_TYPE_INVALID", message }];
    return;
  }
  const inner = errors[key];
  const nested: Record<string, unknown> = typeof inner === "object" && inner !== null ? { ...inner } : {};
  errors[key] = nested;
  addError(nested, rest, message);
}
