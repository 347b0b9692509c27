import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { usePlainWords } from "../../src/text/plain-issues.ts";

const before = z.config().customError;
beforeAll(usePlainWords);
afterAll(() => void z.config({ customError: before }));

const date = new Date(0);

test.each<[z.ZodType, unknown, string]>([
  [z.string(), 7, "expected a text"],
  [z.string(), undefined, "expected a text"],
  [z.number(), "7", "expected a number"],
  [z.number(), Number.NaN, "expected a number"],
  [z.int(), 1.5, "expected a whole number"],
  [z.boolean(), "yes", "expected true or false"],
  [z.object({}), [], "expected a JSON object"],
  [z.record(z.string(), z.number()), 1, "expected a JSON object"],
  [z.array(z.string()), date, "expected a list"],
  [z.literal(1), 2, "expected 1"],
  [z.enum(["a", "b"]), "c", "expected one of a, b"],
  [z.string().min(1), "", "expected a text of at least 1 character"],
  [z.string().max(255), "x".repeat(256), "expected a text of at most 255 characters"],
  [z.array(z.string()).max(2), ["", "", ""], "expected a list of at most 2 items"],
  [z.number().min(1), 0, "expected a number of at least 1"],
  [z.number().max(9), 10, "expected a number of at most 9"],
  [z.iso.datetime(), "now", "expected a time such as 2026-05-15T14:00:00Z"],
  [z.strictObject({}), { a: 1, b: 1 }, "there is no such field\nthere is no such field"],
  [z.union([z.string(), z.number()]), true, "expected another value"],
])("A schema without words of its own says what it accepts (%#)", (schema, value, message) => {
  const { error } = schema.safeParse(value);
  expect(error?.issues.map((issue) => issue.message)).toEqual([message]);
});

test("The words of a schema are kept.", () => {
  const { error } = z.string({ error: "expected the text of the header" }).safeParse(1);
  expect(error?.issues[0]?.message).toBe("expected the text of the header");
});
