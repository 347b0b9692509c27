import { describe, expect, it } from "vitest";
import type { CallFixture } from "../../../src/fixture/call-script.ts";
import { Player } from "../../../src/loopback/world/player.ts";
import { person, toneCall } from "../../support/tone-call.ts";

/** Plays a call and notes what happened, in order. */
function record(fixture: CallFixture) {
  const notes: string[] = [];
  const announced = new Set<string>();
  const player = new Player(fixture, {
    apply: (event) => notes.push(`${event.type}@${event.atMs}`),
    announce: (userId, ssrc) => {
      if (announced.has(userId)) return;
      announced.add(userId);
      notes.push(`${nameOf(userId)} announces ${ssrc}`);
    },
    say: (userId, rtp) => notes.push(`${nameOf(userId)} says ${rtp.readUInt16BE(2) - 65_000}`),
  });
  return { player, notes };
}

const nameOf = (userId: string): string => (userId === person(1).id ? "A" : "B");

describe("the player", () => {
  const fixture = toneCall([
    { user: person(1), speaksFromMs: 0, packetCount: 3, leavesAtMs: 60 },
    { user: person(2), speaksFromMs: 10, packetCount: 2, joinsAtMs: 5 },
  ]);

  it("puts people who join at 0 into the channel before the call starts, and nobody else", () => {
    expect(record(fixture).notes).toEqual(["join@0"]);
  });

  it("reports who speaks in the first moments when it prepares", () => {
    const { player, notes } = record(fixture);
    player.prepare();
    expect(notes.slice(1)).toEqual(["A announces 1000", "B announces 1001"]);
  });

  it("plays events and packets in time order", async () => {
    const { player, notes } = record(fixture);
    player.prepare();
    player.start();
    await player.played;
    expect(notes.slice(3)).toEqual([
      "A says 0",
      "join@5",
      "B says 0",
      "A says 1",
      "B says 1",
      "A says 2",
      "leave@60",
      "end@60",
    ]);
  });

  it("loses nothing and keeps the order when it is delayed", async () => {
    const { player, notes } = record(toneCall([{ user: person(1), speaksFromMs: 0, packetCount: 20 }]));
    player.start();
    const until = performance.now() + 100;
    while (performance.now() < until);
    await player.played;
    const said = notes.filter((note) => note.startsWith("A says"));
    expect(said).toEqual(Array.from({ length: 20 }, (_, index) => `A says ${index}`));
  });

  it("plays nothing twice when it is started again", async () => {
    const { player, notes } = record(fixture);
    player.start();
    player.start();
    await player.played;
    expect(notes.filter((note) => note === "A says 0")).toHaveLength(1);
  });
});
