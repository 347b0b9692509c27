import { expect, it } from "vitest";
import { expectEveryPacket } from "../support/judge.ts";
import { person, toneCall } from "../support/tone-call.ts";
import { recordFixture } from "../support/worker.ts";

it("a person who joins as the last one leaves is let in by the bot, if each change is proposed separately", async () => {
  const fixture = toneCall([
    { user: person(1), leavesAtMs: 2_000, speaksFromMs: 0, packetCount: 95 },
    { user: person(2), joinsAtMs: 2_000, leavesAtMs: 6_000, speaksFromMs: 2_300, packetCount: 175 },
  ]);
  const recorded = await recordFixture(fixture, {
    loopback: { daveCommitters: "clients", behaviour: { proposesOneByOne: true } },
  });
  expect(recorded).toMatchObject({ exitCode: 0, manifest: { warnings: [], gaps: [] } });
  await expectEveryPacket(fixture, recorded);
});
