import * as z from "zod";

/** The most reported wrong items. zod would describe each one, even if a file has millions. */
const MAX_WRONG_ITEMS = 3;
/** None of our objects has nearly as many names. */
const MAX_NAMES = 1_000;

/**
 * An array like zod's, for files that others wrote. Checking stops at the third wrong item, so a completely wrong file
 * costs no more time and memory than a valid one.
 */
export function list<Item extends z.ZodType>(item: Item) {
  return z.preprocess((value, { issues }) => {
    let wrong = 0;
    for (const [index, each] of Array.isArray(value) ? value.entries() : []) {
      const { error } = item.safeParse(each);
      if (error === undefined) continue;
      for (const { path, message } of error.issues) {
        issues.push({ code: "custom", path: [index, ...path], message, input: undefined });
      }
      wrong += 1;
      if (wrong === MAX_WRONG_ITEMS) break;
    }
    return value;
  }, z.array(item));
}

/** An object whose schema checks names that it does not know. An object with more than 1,000 names is not read. */
export function fewNames<Shape extends z.ZodType>(shape: Shape) {
  return z.preprocess((value, { issues }) => {
    if (typeof value === "object" && value !== null && Object.keys(value).length > MAX_NAMES) {
      issues.push({ code: "custom", message: `more than ${MAX_NAMES} names`, input: undefined });
    }
    return value;
  }, shape);
}
