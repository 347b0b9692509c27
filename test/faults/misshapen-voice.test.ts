import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { expectEveryPacket } from "../support/judge.ts";
import { person, toneCall } from "../support/tone-call.ts";
import { recordFixture } from "../support/worker.ts";

const OPCODES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 18, 20, 21, 22, 23, 24, 25, 31, 255];
const SHAPES: readonly unknown[] = [
  null,
  "text",
  5,
  [],
  {},
  { user_ids: null, user_id: 5, ssrc: "1", audio_ssrc: {}, transition_id: "7", protocol_version: null, epoch: 1 },
  { user_ids: 7, user_id: "../../x", ssrc: -1, audio_ssrc: 1.5, transition_id: -1, protocol_version: 1, epoch: "1" },
  { heartbeat_interval: null, ip: {}, port: 99_999, modes: null, secret_key: 1e9, mode: [], transition_id: 1e9 },
];

const talk = (seconds: number) =>
  toneCall([
    { user: person(1), leavesAtMs: seconds * 1_000, speaksFromMs: 0, packetCount: seconds * 50 - 10 },
    { user: person(2), leavesAtMs: seconds * 1_000, speaksFromMs: 10, packetCount: seconds * 50 - 10 },
  ]);

describe.concurrent("malformed voice messages", () => {
  it("in a call are ignored with one warning, and the call continues", async () => {
    const fixture = talk(6);
    const recorded = await recordFixture(fixture, {
      during: async (worker, { faults }) => {
        await worker.until("state: recording");
        await sleep(1_000);
        for (const opcode of OPCODES) for (const shape of SHAPES) faults.sendVoice(opcode, shape);
        for (const how of ["flip", "truncate"] as const) {
          faults.corruptOpcode(12, 1, how);
          faults.video(person(1).id);
        }
        faults.forceEpoch();
      },
    });
    expect(recorded).toMatchObject({
      exitCode: 0,
      manifest: { exitReason: "alone_in_room", failureCode: null, gaps: [] },
    });
    expect(recorded.manifest.warnings.map(({ code }) => code)).toEqual(["voice_message_malformed"]);
    expect(recorded.log.filter(({ kind }) => ["voice_identify", "dave_left_group"].includes(kind))).toHaveLength(1);
    await expectEveryPacket(fixture, recorded);
  });

  it.each<[string, number, unknown]>([
    ["whose port is not a port", 2, { ssrc: 1, ip: "127.0.0.1", port: 99_999, modes: ["aead_aes256_gcm_rtpsize"] }],
    ["whose key is not a key", 4, { mode: "aead_aes256_gcm_rtpsize", secret_key: [1, 2], dave_protocol_version: 1 }],
    ["that is empty", 4, null],
  ])("while joining lead to another attempt: one %s", async (_, opcode, data) => {
    const fixture = talk(3);
    const recorded = await recordFixture(fixture, { before: ({ faults }) => faults.reshapeOpcode(opcode, data) });
    expect(recorded).toMatchObject({ exitCode: 0, manifest: { exitReason: "alone_in_room", failureCode: null } });
    expect(recorded.log.filter(({ kind }) => kind === "voice_identify")).toHaveLength(2);
    await expectEveryPacket(fixture, recorded);
  });
});
