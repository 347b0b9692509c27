import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Loopback } from "../../src/loopback/loopback.ts";
import { expectEveryPacket } from "../support/judge.ts";
import { GUILD_ID, person, toneCall } from "../support/tone-call.ts";
import { type RunningWorker, recordFixture } from "../support/worker.ts";

const talk = () =>
  toneCall([
    { user: person(1), leavesAtMs: 9_000, speaksFromMs: 0, packetCount: 430 },
    // The gateway does not announce this person during the outage.
    { user: person(2), joinsAtMs: 3_000, leavesAtMs: 9_000, speaksFromMs: 3_500, packetCount: 250 },
  ]);

const identified = async ({ log }: Loopback): Promise<void> => {
  while (!log.some(({ kind }) => kind === "gateway_identify")) await sleep(5);
};

describe.concurrent("during an outage of the server", () => {
  it("a call continues, and people who joined meanwhile are known afterwards", async () => {
    const fixture = talk();
    const recorded = await recordFixture(fixture, {
      during: async (worker: RunningWorker, { faults }) => {
        await worker.until("state: recording");
        await sleep(1_500);
        faults.guildOutage(true);
        await sleep(4_500);
        faults.guildOutage(false);
      },
    });
    expect(recorded).toMatchObject({
      exitCode: 0,
      manifest: { exitReason: "alone_in_room", failureCode: null, gaps: [], warnings: [] },
    });
    await expectEveryPacket(fixture, recorded);
    expect(recorded.manifest.participants.map(({ displayName }) => displayName)).toContain("person2");
    expect(recorded.log.filter(({ kind }) => kind === "voice_identify")).toHaveLength(1);
  });

  it("a start waits for its end, whatever arrives instead of the server's state", async () => {
    const fixture = talk();
    const recorded = await recordFixture(fixture, {
      // Their states come slowly, so that the client waits for them when the shapeless ones come.
      loopback: { otherGuilds: 300, jobGuildLast: true },
      before: ({ faults }) => faults.guildOutage(true),
      during: async (_worker, loopback) => {
        await identified(loopback);
        for (const kind of ["GUILD_CREATE", "GUILD_DELETE"]) {
          for (const data of [null, "text", 5, []]) loopback.faults.dispatch(kind, data);
        }
        await sleep(2_000);
        loopback.faults.guildOutage(false);
      },
    });
    expect(recorded).toMatchObject({ exitCode: 0, manifest: { exitReason: "alone_in_room", failureCode: null } });
    await expectEveryPacket(fixture, recorded);
  });

  it("a start that waits too long says so", async () => {
    const run = recordFixture(talk(), { before: ({ faults }) => faults.guildOutage(true) });
    const text = `lobby_timeout (platform): Discord has an outage of this server (${GUILD_ID})`;
    await expect(run).rejects.toThrow(text);
  });
});
