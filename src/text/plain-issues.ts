import * as z from "zod";

/** How the types of values are called in a sentence. */
const TYPES: Readonly<Record<string, string>> = {
  ...{ string: "a text", number: "a number", int: "a whole number", boolean: "true or false", nan: "a number" },
  ...{ object: "a JSON object", record: "a JSON object", array: "a list", null: "null", undefined: "nothing" },
};

/** What a format accepts, by the library's name for it. */
const FORMATS: Readonly<Record<string, string>> = {
  datetime: "a time such as 2026-05-15T14:00:00Z",
  date: "a date such as 2026-05-15",
  url: "an address such as https://example.org/hook",
  regex: "another form",
};

/**
 * What a field accepts, for schemas that have no words of their own. The library's words say what JavaScript calls it.
 *
 * @returns undefined for problems that people do not meet; those keep the library's words
 */
function plainIssue(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      return `expected ${TYPES[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return `expected ${issue.values.length === 1 ? "" : "one of "}${issue.values.map(String).join(", ")}`;
    case "too_small":
      return `expected ${bounded(issue.origin, "at least", issue.minimum)}`;
    case "too_big":
      return `expected ${bounded(issue.origin, "at most", issue.maximum)}`;
    case "invalid_format":
      return `expected ${FORMATS[issue.format] ?? `a text of the form ${issue.format}`}`;
    case "unrecognized_keys":
      // One line for each key, because the HTTP server makes an issue of each line.
      return issue.keys.map(() => "there is no such field").join("\n");
    case "invalid_union":
      return "expected another value";
    default:
      return undefined;
  }
}

function bounded(origin: string, bound: string, limit: number | bigint): string {
  switch (origin) {
    case "string":
      return `a text of ${bound} ${limit} character${limit === 1 ? "" : "s"}`;
    case "array":
    case "set":
      return `a list of ${bound} ${limit} item${limit === 1 ? "" : "s"}`;
    default:
      return `a number of ${bound} ${limit}`;
  }
}

/** From now on the messages of all schemas are plain, also those of libraries. */
export function usePlainWords(): void {
  z.config({ customError: plainIssue });
}
