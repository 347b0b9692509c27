import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import type { CallFixture } from "../../src/fixture/call-script.ts";
import { readFixture } from "../../src/fixture/read-fixture.ts";
import type { EncryptionMode } from "../../src/loopback/loopback.ts";
import { verifyRecording } from "../../src/recording/verify.ts";
import { partFileName } from "../../src/session/job-files.ts";
import { RecordingFolder } from "../../src/storage/recording-folder.ts";
import { ffmpegDecode, missing, opusinfo } from "../support/audio-programs.ts";
import { faultsBySchema } from "../support/shipped-schema.ts";
import { type Recorded, recordFixture, saidIn, soundOf } from "../support/worker.ts";

const STANDUP = fileURLToPath(new URL("../fixtures/standup", import.meta.url));

/** A pause of this length in RTP time may change how a speaker's clock relates to the session's. */
const TALKSPURT_SAMPLES = 9_600;

describe.concurrent.each<EncryptionMode>(["aead_aes256_gcm_rtpsize", "aead_xchacha20_poly1305_rtpsize"])(
  "the shipped call, recorded through DAVE and %s",
  (encryptionMode) => {
    let fixture: CallFixture;
    let recorded: Recorded;

    beforeAll(async () => {
      fixture = await readFixture(STANDUP);
      recorded = await recordFixture(fixture, { loopback: { encryptionModes: [encryptionMode] } });
    }, 120_000);

    it("ends on its own, with exit code 0 and no warnings", () => {
      expect(recorded.exitCode).toBe(0);
      expect(recorded.manifest).toMatchObject({
        exitReason: "alone_in_room",
        failureCode: null,
        warnings: [],
        gaps: [],
      });
      expect(recorded.manifest.e2ee.daveProtocolVersion).toBe(1);
    });

    it("contains every packet that was sent, bit for bit, in order, in its speaker's files, and nothing else", async () => {
      for (const userId of fixture.packets.keys()) {
        const said = saidIn(fixture, userId).map(({ hex }) => hex);
        const heard = (await soundOf(recorded, userId)).map(({ hex }) => hex);
        expect(heard).toEqual(said);
      }
      const sent = [...recorded.sent.values()].reduce((sum, count) => sum + count, 0);
      expect(recorded.manifest.datagrams).toMatchObject({ received: sent, written: sent });
    });

    it("places packets exactly by their RTP times within each talkspurt", async () => {
      for (const userId of fixture.packets.keys()) {
        const said = saidIn(fixture, userId);
        const heard = await soundOf(recorded, userId);
        for (const [index, now] of said.entries()) {
          const before = said[index - 1];
          const rtpStep = before === undefined ? Number.NaN : (now.rtpTimestamp - before.rtpTimestamp) >>> 0;
          // The bot's RTP clock stops in silence, so only the time of sending shows its pauses.
          const paused = rtpStep >= TALKSPURT_SAMPLES || now.atMs - (before?.atMs ?? 0) >= TALKSPURT_SAMPLES / 48;
          if (before?.ssrc !== now.ssrc || paused) continue;
          const step = (heard[index]?.sessionSamples ?? 0) - (heard[index - 1]?.sessionSamples ?? 0);
          expect(step).toBe(rtpStep);
        }
      }
    });

    it("passes verify", async () => {
      expect((await verifyRecording(await RecordingFolder.open(recorded.directory))).faults).toEqual([]);
    });

    it("has each chat event once, in order", async () => {
      const lines = (await readFile(join(recorded.directory, "chat.jsonl"), "utf8")).trimEnd().split("\n");
      const kinds = {
        message: "message.create",
        edit: "message.update",
        delete: "message.delete",
        react: "reaction.add",
        unreact: "reaction.remove",
      };
      const expected = fixture.events.flatMap((event) =>
        event.type in kinds && "id" in event ? [[kinds[event.type as keyof typeof kinds], event.id]] : [],
      );
      const captured = lines.map((line) => JSON.parse(line)).map(({ type, id }) => [type, id]);
      expect(captured).toEqual(expected);
    });

    it("has everyone's arrivals and departures in the roster", () => {
      const expected = fixture.events.flatMap((event) => {
        if (event.type === "join") return [["participant.join", event.user.id]];
        return event.type === "leave" ? [["participant.leave", event.userId]] : [];
      });
      const seen = recorded.manifest.events.map((event) =>
        event.type === "participant.join" ? [event.type, event.participant.id] : [event.type, event.participantId],
      );
      expect(seen.toSorted()).toEqual(expected.toSorted());
    });

    it("has a manifest and logs that a JSON Schema library validates against the shipped schemas", async () => {
      const valuesOf = async (name: string): Promise<unknown[]> =>
        (await readFile(join(recorded.directory, name), "utf8"))
          .trimEnd()
          .split("\n")
          .map((line) => JSON.parse(line));
      const manifest = JSON.parse(await readFile(join(recorded.directory, "manifest.json"), "utf8"));
      expect(await faultsBySchema("manifest", [manifest])).toEqual([]);
      expect(await faultsBySchema("chat-event", await valuesOf("chat.jsonl"))).toEqual([]);
      expect(await faultsBySchema("session-event", await valuesOf("events.jsonl"))).toEqual([]);
    });

    it.skipIf(missing("opusinfo"))("has only parts that opusinfo accepts", async () => {
      for (const { speakerId, part } of recorded.manifest.tracks) {
        const { code, text } = await opusinfo(join(recorded.directory, partFileName(speakerId, part)));
        expect(text).not.toMatch(/warning|error/i);
        expect(code).toBe(0);
      }
    });

    it.skipIf(missing("ffmpeg"))("has only parts that ffmpeg decodes to exactly the manifest's duration", async () => {
      for (const { speakerId, part, durationMs } of recorded.manifest.tracks) {
        const { samples } = await ffmpegDecode(join(recorded.directory, partFileName(speakerId, part)));
        expect(samples).toBe(durationMs * 48);
      }
    });
  },
);
