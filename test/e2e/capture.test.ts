import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readFixture } from "../../src/fixture/read-fixture.ts";
import { person, toneCall } from "../support/tone-call.ts";
import { recordFixture, saidIn, soundOf } from "../support/worker.ts";

describe("a live call that was captured", () => {
  it("is a fixture that can be replayed, and gives the same recording again", async () => {
    const alice = person(1);
    const bob = person(2);
    const fixture = toneCall(
      [
        { user: alice, leavesAtMs: 2_400, speaksFromMs: 100, packetCount: 60 },
        { user: bob, joinsAtMs: 300, leavesAtMs: 2_500, speaksFromMs: 600, packetCount: 80 },
      ],
      {
        events: [
          { type: "message", atMs: 700, id: "300000000000000001", author: alice, content: "hello", attachments: [] },
          { type: "edit", atMs: 900, id: "300000000000000001", content: "hello there" },
        ],
      },
    );
    const captureDir = await mkdtemp(join(tmpdir(), "meetbot-test-"));
    const first = await recordFixture(fixture, { environment: { MEETBOT_CAPTURE_DIR: captureDir } });
    expect(first.exitCode).toBe(0);

    const captured = await readFixture(join(captureDir, "test"));
    const second = await recordFixture(captured);
    for (const { id } of [alice, bob]) {
      const said = saidIn(fixture, id).map(({ hex }) => hex);
      expect((await soundOf(first, id)).map(({ hex }) => hex)).toEqual(said);
      expect(saidIn(captured, id).map(({ hex }) => hex)).toEqual(said);
      expect((await soundOf(second, id)).map(({ hex }) => hex)).toEqual(said);
    }
    expect(second.manifest.chatEvents).toBe(first.manifest.chatEvents);
    const names = (run: typeof first) => run.manifest.participants.map(({ displayName }) => displayName);
    expect(names(second)).toEqual(names(first));
  });
});
