import { describe, expect, test } from "vitest";
import type { CallEnd } from "../../src/session/exit.ts";
import { detailOf, isOver, type JobInput, type JobState, transition } from "../../src/session/state.ts";

const END: CallEnd = { exitReason: "alone_in_room", detail: "everybody left" };
const KICKED: CallEnd = { exitReason: "removed_from_meeting", detail: "kicked" };
const CANCELLED: CallEnd = { exitReason: "cancelled", detail: "the job was deleted" };

const STATES = {
  queued: { status: "queued" },
  joining: { status: "joining" },
  in_call: { status: "in_call", stopped: false },
  stopped: { status: "in_call", stopped: true },
  recording: { status: "recording", paused: false },
  paused: { status: "recording", paused: true },
  finalizing: { status: "finalizing", end: END, recorded: true },
  finalizingCancelled: { status: "finalizing", end: CANCELLED, recorded: true },
  finalizingNothing: { status: "finalizing", end: END, recorded: false },
  finalizingKicked: { status: "finalizing", end: KICKED, recorded: true },
  completed: { status: "completed", end: END },
  failed: { status: "failed", failureCode: "network_loss", detail: "gone" },
  failedWithRecording: { status: "failed", failureCode: "removed_from_meeting", detail: "kicked", end: KICKED },
  cancelled: { status: "cancelled", end: CANCELLED },
  cancelledBeforeJoin: { status: "cancelled", end: END },
} satisfies Record<string, JobState>;

const EVENTS = {
  join: { type: "join" },
  joined: { type: "joined" },
  record: { type: "record" },
  pause: { type: "pause" },
  resume: { type: "resume" },
  stop: { type: "stop" },
  end: { type: "end", end: END },
  finalized: { type: "finalized" },
  fail: { type: "fail", failureCode: "network_loss", detail: "gone" },
} satisfies Record<JobInput["type"], JobInput>;

type StateName = keyof typeof STATES;

/** Every step there is; what is not here is forbidden. */
const STEPS: Readonly<Record<StateName, Partial<Record<JobInput["type"], StateName>>>> = {
  queued: { join: "joining", end: "finalizingNothing", fail: "failed" },
  joining: { joined: "in_call", end: "finalizingNothing", fail: "failed" },
  in_call: { record: "recording", end: "finalizing", fail: "failed" },
  stopped: { end: "finalizing", fail: "failed" },
  recording: { pause: "paused", stop: "stopped", end: "finalizing", fail: "failed" },
  paused: { resume: "recording", stop: "stopped", end: "finalizing", fail: "failed" },
  finalizing: { finalized: "completed", fail: "failed" },
  finalizingCancelled: { finalized: "cancelled", fail: "failed" },
  finalizingNothing: { finalized: "cancelledBeforeJoin", fail: "failed" },
  finalizingKicked: { finalized: "failedWithRecording", fail: "failed" },
  completed: {},
  failed: {},
  failedWithRecording: {},
  cancelledBeforeJoin: {},
  cancelled: {},
};

const pairs = Object.keys(STATES).flatMap((state) =>
  Object.keys(EVENTS).map((event) => ({
    state: state as StateName,
    event: event as JobInput["type"],
    next: STEPS[state as StateName][event as JobInput["type"]],
  })),
);

describe("a job's state", () => {
  test.each(pairs.filter(({ next }) => next !== undefined))(
    "$state goes by $event to $next",
    ({ state, event, next }) => {
      expect(transition(STATES[state], EVENTS[event])).toEqual(next === undefined ? undefined : STATES[next]);
    },
  );

  test.each(pairs.filter(({ next }) => next === undefined))("$state forbids $event", ({ state, event }) => {
    expect(transition(STATES[state], EVENTS[event])).toBeUndefined();
  });

  test("is never changed in place", () => {
    const frozen = Object.freeze({ ...STATES.recording });
    expect(transition(frozen, EVENTS.pause)).toEqual(STATES.paused);
    expect(frozen).toEqual(STATES.recording);
  });

  test("is final when nothing can follow", () => {
    for (const [name, state] of Object.entries(STATES)) {
      expect(isOver(state)).toBe(Object.keys(STEPS[name as StateName]).length === 0);
    }
  });
});

test("A state's detail is the end's sentence, the failure's, or that recording is paused or stopped.", () => {
  const details = Object.entries(STATES).map(([name, state]) => [name, detailOf(state)]);
  expect(Object.fromEntries(details)).toMatchObject({
    queued: undefined,
    joining: undefined,
    in_call: undefined,
    recording: undefined,
    paused: "paused",
  });
  expect(detailOf({ status: "in_call", stopped: true })).toBe("stopped");
  expect(detailOf({ status: "finalizing", end: END, recorded: true })).toBe("everybody left");
  expect(detailOf({ status: "failed", failureCode: "network_loss", detail: "gone" })).toBe("gone");
});
