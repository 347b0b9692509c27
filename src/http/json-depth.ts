/** Deeper than any body that this API describes, and shallow enough for everything that walks through one. */
export const MAX_JSON_DEPTH = 64;

/**
 * Whether a JSON text has more levels of objects and lists than allowed. Checked before parsing: the parser takes any
 * depth, and whatever walks through the value then runs out of stack.
 */
export function isTooDeep(json: string, maxDepth = MAX_JSON_DEPTH): boolean {
  let depth = 0;
  let isText = false;
  for (let at = 0; at < json.length; at += 1) {
    const character = json[at];
    if (isText && character === "\\") at += 1;
    else if (character === '"') isText = !isText;
    else if (isText) continue;
    else if (character === "{" || character === "[") {
      depth += 1;
      if (depth > maxDepth) return true;
    } else if (character === "}" || character === "]") depth -= 1;
  }
  return false;
}
