import * as z from "zod";
import { nearestName } from "../../../settings/nearest-name.ts";

/** Fields of requests. The error of each says what it accepts. */

/** An object with exactly these fields. The error for an unknown field suggests the most similar name. */
export function fields<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) =>
      // One line for each key, because the HTTP server makes an issue of each line.
      issue.code === "unrecognized_keys"
        ? issue.keys.map((key) => unknownField(key, known)).join("\n")
        : "expected a JSON object",
  });
}

function unknownField(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  return nearest === undefined
    ? `there is no such field, expected one of ${known.join(", ")}`
    : `there is no such field; did you mean ${nearest}?`;
}

/** A text of Unicode characters without control characters. */
export function text(minLength: number, maxLength: number) {
  const error = `expected a text of ${minLength} to ${maxLength} characters without control characters`;
  return (
    z
      .string({ error })
      .min(minLength, { error })
      .max(maxLength, { error })
      // Many tools that read OpenAPI do not know Unicode classes, so the document does not have this pattern.
      .refine((value) => !/[\p{Cc}\p{Cs}]/u.test(value), { error })
  );
}

/** A text that matches a pattern. */
export function form(pattern: RegExp, accepts: string) {
  const error = `expected ${accepts}`;
  return z.string({ error }).regex(pattern, { error });
}

export const snowflakeField = form(/^\d{17,20}$/, "a Discord id of 17 to 20 digits, as a text");

export function whole(min: number, max: number, unit: string) {
  const error = `expected a whole number of ${unit} from ${min} to ${max}`;
  return z.number({ error }).int({ error }).min(min, { error }).max(max, { error });
}

/** A whole number in a query. */
export function wholeText(min: number, max: number) {
  const error = `expected a whole number from ${min} to ${max}`;
  return z.coerce.number({ error }).int({ error }).min(min, { error }).max(max, { error });
}

export const flag = z.boolean({ error: "expected true or false" });

export function choice<const Values extends readonly string[]>(values: Values) {
  return z.enum(values, { error: `expected one of ${values.join(", ")}` });
}

const LATEST = Date.parse("9998-12-31T23:59:59Z");

/** A time in the form of RFC 3339. Before 1970 and after 9998, times near it have no such form any more. */
export const instant = z.iso
  .datetime({ offset: true, error: "expected a time such as 2026-05-15T14:00:00Z, with Z or an offset" })
  .refine((text) => Date.parse(text) >= 0 && Date.parse(text) <= LATEST, {
    error: "expected a time from 1970 to 9998",
  });
