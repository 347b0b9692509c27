import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { CallEvent } from "../../src/fixture/call-script.ts";
import type { EncryptionMode, LoopbackOptions } from "../../src/loopback/loopback.ts";
import { expectEveryPacket, expectExactPlaces } from "../support/judge.ts";
import { person, toneCall } from "../support/tone-call.ts";
import { recordFixture } from "../support/worker.ts";

const TALKERS = [1, 2, 3].map((index) => person(index));
const SECONDS = 30;

/** Fifty people who come for 600 ms each, so that the group changes a hundred times. */
function passersBy(): CallEvent[] {
  return Array.from({ length: 50 }, (_, index) => {
    const user = person(10 + (index % 5));
    const atMs = 200 + index * 580;
    return [
      { type: "join" as const, atMs, user },
      { type: "leave" as const, atMs: atMs + 400, userId: user.id },
    ];
  }).flat();
}

describe.concurrent("an encrypted group that changes a hundred times in half a minute", () => {
  it.each<[EncryptionMode, NonNullable<LoopbackOptions["daveCommitters"]>]>([
    ["aead_aes256_gcm_rtpsize", "speakers"],
    ["aead_xchacha20_poly1305_rtpsize", "clients"],
  ])("costs three people who talk not one packet (%s, commits by %s)", async (encryptionMode, daveCommitters) => {
    const fixture = toneCall(
      TALKERS.map((user) => ({
        user,
        leavesAtMs: SECONDS * 1_000 + 200,
        speaksFromMs: 0,
        packetCount: SECONDS * 50,
      })),
      { events: passersBy() },
    );
    const recorded = await recordFixture(fixture, {
      // Quick enough for a hundred changes.
      loopback: { encryptionModes: [encryptionMode], daveCommitters, behaviour: { executeTransitionAfterMs: 50 } },
    });
    expect(recorded.exitCode).toBe(0);
    await expectEveryPacket(fixture, recorded);
    expect(await expectExactPlaces(fixture, recorded)).toBe(TALKERS.length * (SECONDS * 50 - 1));
    expect(recorded.manifest.e2ee.epochs).toBeGreaterThan(50);
    expect(recorded.manifest.datagrams.dropped.dave_undecryptable).toBe(0);
    expect(recorded.manifest.gaps).toEqual([]);
  });
});

describe.concurrent("a worker that was paused while a speaker said their last words and left", () => {
  it.each([
    ["others stay", 2, "true"],
    ["nobody is left, and a new group is founded", 1, "true"],
    ["Node reads the packets one by one", 2, "false"],
  ])("has all of those words if %s", async (_, talkers, batched) => {
    const [leaver, ...others] = TALKERS.slice(0, talkers);
    if (leaver === undefined) throw new Error("nobody talks");
    const fixture = toneCall([
      { user: leaver, leavesAtMs: 2_100, speaksFromMs: 0, packetCount: 100 },
      ...others.map((user) => ({ user, leavesAtMs: 5_000, speaksFromMs: 0, packetCount: 230 })),
    ]);
    const recorded = await recordFixture(fixture, {
      environment: { MEETBOT_BATCHED_RECEIVE: batched },
      during: async (worker, loopback) => {
        await worker.until("state: recording");
        const sent = (): number => loopback.sentOf(leaver.id).size;
        await until(() => sent() > 10);
        worker.kill("SIGSTOP");
        await until(() => sent() === 100);
        await new Promise((resolve) => setTimeout(resolve, 500));
        worker.kill("SIGCONT");
      },
    });
    expect(recorded.exitCode).toBe(0);
    await expectEveryPacket(fixture, recorded);
    expect(recorded.manifest.datagrams.dropped.dave_undecryptable).toBe(0);
  });
});

describe("chat across a lost gateway session", () => {
  it("has each message once, in order, including those sent meanwhile", async () => {
    const author = person(1);
    const ids = Array.from({ length: 100 }, (_, index) => `3000000000000${String(10_000 + index)}`);
    const fixture = toneCall([{ user: author, leavesAtMs: 8_000, speaksFromMs: 0, packetCount: 380 }], {
      events: ids.map((id, index) => ({
        type: "message" as const,
        atMs: 200 + index * 70,
        id,
        author,
        content: `message ${index}`,
        attachments: [],
      })),
    });
    const recorded = await recordFixture(fixture, {
      during: async (worker, loopback) => {
        await worker.until("state: recording");
        await new Promise((resolve) => setTimeout(resolve, 2_000));
        loopback.faults.closeGateway(4000);
        await new Promise((resolve) => setTimeout(resolve, 1_500));
        loopback.faults.invalidateGatewaySession({ resumable: false });
      },
    });
    expect(recorded.exitCode).toBe(0);
    const chat = await readFile(join(recorded.directory, "chat.jsonl"), "utf8");
    const recordedIds = chat
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).id);
    expect(recordedIds).toEqual(ids);
  });
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}
