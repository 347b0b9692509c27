import { beforeAll, expect, test } from "vitest";
import { whyEmpty } from "../../src/report/why-empty.ts";
import type { Manifest } from "../../src/session/manifest.ts";
import { recordInMemory } from "../support/memory-recording.ts";

let recorded: Manifest;
beforeAll(async () => {
  recorded = (await recordInMemory()).manifest;
});

/** The same call with so many people who were not heard. */
function silentCall(people: number, change: Partial<Manifest> = {}, withheld = false): Manifest {
  const { durationSeconds } = recorded;
  const span = { fromMs: 0, toMs: durationSeconds * 1_000 };
  const participants = recorded.participants.slice(0, 1).flatMap((person) =>
    Array.from({ length: people }, (_, index) => ({
      ...person,
      id: String(index),
      bot: false,
      withheld: withheld ? [span] : [],
    })),
  );
  return { ...recorded, speakers: [], tracks: [], gaps: [], participants, ...change };
}

test("A recording with a voice in it is not empty", () => {
  expect(whyEmpty(recorded)).toBeUndefined();
});

test("An empty recording says in a sentence why it is empty", () => {
  expect(whyEmpty(silentCall(0))).toBe("Nobody joined the call, so there is nothing to hear.");
  expect(whyEmpty(silentCall(1))).toBe("1 person was in the call and did not speak.");
  expect(whyEmpty(silentCall(3))).toBe("3 people were in the call, and nobody spoke.");
  const bots = silentCall(2).participants.map((person) => ({ ...person, bot: true }));
  expect(whyEmpty(silentCall(0, { participants: bots }))).toBe(
    "Only bots were in the call, and none of them was heard.",
  );
});

test("It says that nobody agreed to be recorded", () => {
  expect(whyEmpty(silentCall(1, { consentMode: "opt-in" }, true))).toBe(
    "The one person in the call did not agree to be recorded, so nothing was kept.",
  );
  expect(whyEmpty(silentCall(4, { consentMode: "opt-in" }, true))).toBe(
    "None of the 4 people in the call agreed to be recorded, so nothing was kept.",
  );
});

test("It says that nothing could be heard for most of the call", () => {
  const wholeCall = (reason: "unheard" | "paused") => ({
    gaps: [{ startMs: 0, endMs: recorded.durationSeconds * 1_000, reason }],
  });
  expect(whyEmpty(silentCall(2, wholeCall("unheard")))).toBe("People spoke, but none of it could be heard.");
  expect(whyEmpty(silentCall(2, wholeCall("paused")))).toContain("paused");
});

test("It says that what arrived could not be kept", () => {
  const dropping = (fate: "dave_undecryptable" | "not_recording") => {
    const { datagrams } = recorded;
    return { datagrams: { ...datagrams, dropped: { ...datagrams.dropped, [fate]: 5 } } };
  };
  expect(whyEmpty(silentCall(2, dropping("dave_undecryptable")))).toContain("could not be decrypted");
  expect(whyEmpty(silentCall(2, dropping("not_recording")))).toContain("while nothing was being recorded");
});
