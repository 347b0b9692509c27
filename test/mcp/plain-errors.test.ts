import { CallToolRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { expect, test } from "vitest";
import { withPlainError } from "../../src/mcp/plain-errors.ts";
import { usePlainWords } from "../../src/text/plain-issues.ts";

usePlainWords();

const refusal = (message: string) => ({ jsonrpc: "2.0", id: 1, error: { code: -32_603, message } }) as const;

test.each([
  [{ method: "tools/call", params: {} }, "The request is not as described: params.name: expected a text."],
  [{ method: "tools/call" }, "The request is not as described: params: expected a JSON object."],
  [
    { method: "tools/call", params: { name: "get_bot", arguments: "job_1" } },
    "The request is not as described: params.arguments: expected a JSON object.",
  ],
])("What the library's validator says becomes a sentence: %j", (request, sentence) => {
  const { error } = CallToolRequestSchema.safeParse(request);
  for (const text of [String(error?.message), `Invalid tools/call request: ${error?.message}`]) {
    expect(withPlainError(refusal(text))).toEqual({
      ...{ jsonrpc: "2.0", id: 1, error: { code: -32_602, message: sentence } },
    });
  }
});

test("Sentences and results stay as they are.", () => {
  for (const message of [refusal("Method not found"), refusal("see [the docs]"), refusal("[]")]) {
    expect(withPlainError(message)).toBe(message);
  }
  const result = { jsonrpc: "2.0", id: 1, result: { content: [] } } as const;
  expect(withPlainError(result)).toBe(result);
});
