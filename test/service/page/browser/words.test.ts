import { describe, expect, it } from "vitest";
import {
  announcementOf,
  asSentence,
  countdownWords,
  endWords,
  shortList,
  stateWords,
} from "../../../../src/service/page/browser/words.ts";
import type { PageJob } from "../../../../src/service/page/page-data.ts";

const job = (more: Partial<PageJob>): PageJob =>
  ({
    ...{ id: "job_1", externalId: "standup", status: "recording", paused: false, stopped: false, ending: null },
    end: null,
    ...more,
  }) as PageJob;

it.each<[Partial<PageJob>, string]>([
  [{}, "Recording"],
  [{ paused: true }, "Paused"],
  [{ status: "in_call", stopped: true }, "In the call, recording stopped"],
  [{ ending: "leave" }, "Leaving"],
  [{ ending: "cancel", paused: true }, "Being cancelled"],
  // What was asked for says nothing of a job that is over.
  [{ status: "completed", ending: "leave" }, "Completed"],
])("A job's state is said in words: %j", (more, words) => {
  expect(stateWords(job(more))).toBe(words);
});

describe("a countdown", () => {
  const countdown = {
    exitReason: "alone_in_room",
    remainingSeconds: 61,
    thresholdSeconds: 300,
    waitsFor: null,
  } as const;

  it("counts down by itself, and not below zero", () => {
    expect(countdownWords(countdown, 0)).toBe("Leaves in 1:01: everybody has left");
    expect(countdownWords(countdown, 1.2)).toBe("Leaves in 1:00: everybody has left");
    expect(countdownWords(countdown, 500)).toBe("Leaves in 0:00: everybody has left");
  });

  it("stays while it waits, and says for what", () => {
    expect(countdownWords({ ...countdown, waitsFor: "unheard" }, 30)).toBe(
      "Leaves in 1:01: everybody has left (waits: what people say cannot be heard)",
    );
  });
});

it("The end of a job is a sentence.", () => {
  expect(endWords(job({ end: "the token is wrong" }))).toBe("The token is wrong.");
  expect(endWords(job({}))).toBeUndefined();
});

it("A screen reader hears of a change of state, and of nothing else.", () => {
  expect(announcementOf(job({}), job({ paused: true }))).toBe("standup: Paused.");
  expect(announcementOf(job({}), job({}))).toBeUndefined();
  const failed = job({ status: "failed", end: "the token is wrong" });
  expect(announcementOf(undefined, failed)).toBe("standup: Failed. The token is wrong.");
});

it("Many names are counted, few are shown.", () => {
  expect(shortList(["Ada"])).toEqual({ shown: ["Ada"], more: 0 });
  const { shown, more } = shortList(Array.from({ length: 20 }, (_, index) => `name ${index}`));
  expect([shown.length, more]).toEqual([8, 12]);
});

it("A clause becomes a sentence, and a sentence stays one.", () => {
  expect([asSentence("expected a time"), asSentence(" Is it? ")]).toEqual(["Expected a time.", "Is it?"]);
});
