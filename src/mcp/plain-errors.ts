import { ErrorCode, type JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import * as z from "zod";

/** What the library's validator found, which it gives as JSON in the text of the error. */
const found = z.array(z.object({ path: z.array(z.union([z.string(), z.number()])), message: z.string() })).min(1);

/**
 * The same message, but a refusal that the library wrote for a request of the wrong form is a sentence that names the
 * field.
 */
export function withPlainError(message: JSONRPCMessage): JSONRPCMessage {
  if (!("error" in message)) return message;
  const issues = issuesIn(message.error.message);
  if (issues === undefined) return message;
  const named = issues.map(({ path, message: text }) => `${path.join(".") || "the request"}: ${text}`);
  const error = { code: ErrorCode.InvalidParams, message: `The request is not as described: ${named.join("; ")}.` };
  return { ...message, error };
}

function issuesIn(text: string): z.output<typeof found> | undefined {
  const begin = text.indexOf("[");
  if (begin === -1) return undefined;
  try {
    return found.safeParse(JSON.parse(text.slice(begin))).data;
  } catch {
    // The text is a sentence already.
    return undefined;
  }
}
