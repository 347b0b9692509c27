import { describe, expect, it } from "vitest";
import {
  type CallFact,
  type CallSnapshot,
  observe,
  startSnapshot,
} from "../../../src/session/leaving/call-snapshot.ts";

const comes = (userId: string): CallFact => ({ type: "present", userId, bot: false });
const botComes = (userId: string, recorder?: "id" | "name"): CallFact => ({
  type: "present",
  userId,
  bot: true,
  recorder,
});
const leaves = (userId: string): CallFact => ({ type: "left", userId });
const heard = (...userIds: readonly string[]): CallFact => ({ type: "voices", userIds });

/** After these facts, 10 ms apart from 10 ms on. */
function snapshotAfter(...facts: readonly CallFact[]): CallSnapshot {
  return facts.reduce((snapshot, fact, index) => observe(snapshot, fact, (index + 1) * 10), startSnapshot(0));
}

describe("the snapshot of a call", () => {
  it("begins with nobody and nothing unknown", () => {
    expect(startSnapshot(5)).toEqual({
      connectedAtMs: 5,
      humans: new Set(),
      bots: new Set(),
      recorders: new Map(),
      humanSeen: false,
      alone: { sinceMs: 5, uncountedMs: 0 },
      quiet: { sinceMs: 5, uncountedMs: 0 },
      lastToLeave: undefined,
      lastVoice: undefined,
      unknown: new Set(),
      unknownSinceMs: undefined,
    });
  });

  it("counts people, bots and recorders separately", () => {
    const snapshot = snapshotAfter(
      comes("ada"),
      botComes("jukebox"),
      botComes("craig", "id"),
      comes("kenta"),
      leaves("ada"),
    );
    expect([...snapshot.humans]).toEqual(["kenta"]);
    expect([...snapshot.bots]).toEqual(["jukebox", "craig"]);
    expect([...snapshot.recorders]).toEqual([["craig", { sinceMs: 30, knownBy: "id" }]]);
    expect(snapshot.lastToLeave).toEqual({ id: "ada", atMs: 50 });
  });

  it("never names a bot, or a person who was not present, as the last to leave", () => {
    const snapshot = snapshotAfter(
      comes("ada"),
      leaves("ada"),
      botComes("jukebox"),
      leaves("jukebox"),
      leaves("nobody"),
    );
    expect(snapshot.lastToLeave).toEqual({ id: "ada", atMs: 20 });
    expect(snapshot.bots.size).toBe(0);
  });

  it("uses the last voice of a human, whoever is heard at the same time", () => {
    const snapshot = snapshotAfter(
      comes("ada"),
      botComes("jukebox"),
      heard("ada", "stranger", "jukebox"),
      heard("jukebox"),
    );
    expect(snapshot.lastVoice).toEqual({ id: "stranger", atMs: 30 });
    expect(snapshot.quiet).toEqual({ sinceMs: 30, uncountedMs: 0 });
    expect(observe(snapshot, heard(), 50)).toEqual(snapshot);
  });

  it("counts unknown time from the first unknown to the last one known, and for each stopwatch its own part", () => {
    const unknown = snapshotAfter(
      comes("ada"),
      { type: "unknown", what: "reconnecting" },
      { type: "unknown", what: "unheard" },
      leaves("ada"),
      { type: "known", what: "reconnecting" },
    );
    expect(unknown).toMatchObject({ unknown: new Set(["unheard"]), unknownSinceMs: 20 });
    expect(observe(unknown, { type: "known", what: "unheard" }, 100)).toMatchObject({
      unknown: new Set(),
      unknownSinceMs: undefined,
      quiet: { sinceMs: 10, uncountedMs: 80 },
      alone: { sinceMs: 40, uncountedMs: 60 },
    });
  });
});
