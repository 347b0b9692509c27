import { describe, expect, test } from "vitest";
import { explain } from "../../src/mcp/failure.ts";
import type { Refused } from "../../src/sdk/errors.ts";
import { MeetbotConnectionError, MeetbotHttpError, MeetbotTimeoutError } from "../../src/sdk/index.ts";
import { SERVICE_ERRORS } from "../../src/service/api/service-error.ts";

const refused = (more: Partial<Refused>) =>
  new MeetbotHttpError({
    ...{ status: 409, code: undefined, message: "it cannot be", issues: [], retryAfterSeconds: undefined, body: {} },
    ...more,
  });

describe("a failure in words for a model", () => {
  test.each(Object.entries(SERVICE_ERRORS))("has the service's code and status: %s", (code, { status }) => {
    const text = explain(refused({ code: code as NonNullable<Refused["code"]>, status }));
    expect(text).toMatch(new RegExp(`^${code} \\(HTTP ${status}\\): it cannot be\\.`));
  });

  test.each([
    [refused({ code: "unauthorized", status: 401 }), /Ask the person to set a valid MEETBOT_API_KEY/],
    [
      refused({ code: "quota_exceeded", status: 429, retryAfterSeconds: 30 }),
      /leave_bot\.\nA retry makes sense after 30 s\./,
    ],
    [refused({ code: "invalid_input", issues: [{ path: ["a", "b"], message: "expected c" }] }), /^a\.b: expected c$/m],
    [refused({ status: 502 }), /^error \(HTTP 502\): it cannot be\.\nTry again in some seconds\.$/],
    [new MeetbotConnectionError("is it right?"), /^is it right\? Ask the person whether/],
    [new MeetbotTimeoutError("no answer within 30 ms"), /before you do it again/],
    [new Error("odd"), /^The tool failed: odd$/],
  ])("says what to do next: %s", (error, text) => {
    expect(explain(error)).toMatch(text);
  });
});
