import { expect, test } from "vitest";
import { chatMessage, controlResult, idempotencyKey } from "../../src/session/control.ts";

test("A message has 1 to 2,000 characters, however many bytes each takes, and more than white space.", () => {
  const isMessage = (message: string) => chatMessage.safeParse({ message }).success;
  expect(["a", "x".repeat(2_000), "🎵".repeat(2_000), " a\n"].map(isMessage)).toEqual([true, true, true, true]);
  expect(["", " \n\t", "x".repeat(2_001), "🎵".repeat(2_001)].map(isMessage)).toEqual([false, false, false, false]);
  expect(chatMessage.safeParse({ message: "x".repeat(2_001) }).error?.message).toContain("at most 2000 characters");
  expect(chatMessage.safeParse({ message: " " }).error?.message).toContain("more than white space");
});

test("An idempotency key has 1 to 255 characters, and may be missing.", () => {
  const isKey = (key: string | undefined) => idempotencyKey.safeParse({ "idempotency-key": key }).success;
  expect([undefined, "k", "k".repeat(255)].map(isKey)).toEqual([true, true, true]);
  expect(["", "k".repeat(256)].map(isKey)).toEqual([false, false]);
});

test("The answer names a channel and a message only if there is one.", () => {
  const answer = { id: "j", jobId: "j", status: "recording", paused: false, changed: true };
  expect(controlResult.parse(answer)).toEqual(answer);
  expect(controlResult.safeParse({ ...answer, changed: undefined }).success).toBe(false);
});
