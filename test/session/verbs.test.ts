import { expect, test } from "vitest";
import type { JobState } from "../../src/session/state.ts";
import { allows, type CallVerb } from "../../src/session/verbs.ts";

const VERBS: readonly CallVerb[] = ["pause", "resume", "stop", "note", "message", "permission"];

test.each<[string, JobState, readonly CallVerb[]]>([
  ["joins", { status: "joining" }, []],
  ["is recorded", { status: "recording", paused: false }, ["pause", "stop", "note", "message", "permission"]],
  ["is paused", { status: "recording", paused: true }, ["resume", "stop", "message", "permission"]],
  ["is stopped", { status: "in_call", stopped: true }, ["message"]],
  ["failed", { status: "failed", failureCode: "network_loss", detail: "gone" }, []],
])("A job that %s allows some requests", (_, state, allowed) => {
  expect(VERBS.filter((verb) => allows(state, verb))).toEqual(allowed);
});
