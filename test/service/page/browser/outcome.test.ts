import { expect, it } from "vitest";
import { failureWords, refusalOf, waitSeconds, waitWords } from "../../../../src/service/page/browser/outcome.ts";

const busy = refusalOf(429, { code: "rate_limited", message: "this key sends too many requests" }, "90");

it("A refusal is said with the time after which a retry helps.", () => {
  expect(failureWords(busy)).toBe("This key sends too many requests. Try again in 1 min 30 s.");
  expect(failureWords(refusalOf(404, { code: "not_found", message: "this key has no job a" }, null))).toBe(
    "This key has no job a.",
  );
});

it.each([
  ["a proxy's page", undefined],
  ["a text", "Bad Gateway"],
  ["another JSON", { error: "x" }],
])("An answer that is not the service's counts as none: %s", (_, body) => {
  expect(refusalOf(502, body, null)).toEqual({ kind: "away" });
  expect(failureWords({ kind: "away" })).toBe("The service does not answer. Try again when it is back.");
});

it("The page waits longer after each failure, at most 15 s, or as long as the service says.", () => {
  expect([1, 2, 3, 4, 5, 50].map((failures) => waitSeconds(failures, { kind: "away" }))).toEqual([1, 2, 5, 10, 15, 15]);
  expect(waitSeconds(1, undefined)).toBe(1);
  expect(waitSeconds(7, busy)).toBe(90);
});

it("While nothing is live, a sentence says why, and when the page tries again.", () => {
  expect(waitWords({ kind: "away" }, 5)).toBe(
    "The service does not answer. What you see may be old. Trying again in 5 s.",
  );
  expect(waitWords(busy, 90)).toBe("This key sends too many requests. Trying again in 1 min 30 s.");
});

it("The issues of a refusal are kept with their paths.", () => {
  const issues = [{ path: ["discord", "botToken"], message: "expected a bot token" }];
  expect(refusalOf(400, { code: "invalid_input", message: "m", issues }, "soon")).toEqual({
    ...{ kind: "refused", status: 400, code: "invalid_input", message: "m", issues, retryAfterSeconds: undefined },
  });
});
