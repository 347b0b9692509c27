import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseRtpHeader } from "../../src/audio/rtp.ts";
import { CallCapture } from "../../src/capture/capture.ts";
import { InputError } from "../../src/errors.ts";
import { readFixture } from "../../src/fixture/read-fixture.ts";
import type { Log } from "../../src/log.ts";
import type { Clock } from "../../src/recording/ports/clock.ts";
import type { CallPlace, VoiceFrame } from "../../src/recording/ports/voice.ts";
import type { VoiceFlags } from "../../src/session/shapes.ts";
import { chatMessage, chatUpdate } from "../support/chat-message.ts";

const STARTED_AT = new Date("2026-01-15T09:00:00.000Z");
/** The monotonic clock does not start with the call. */
const CALL_START_MS = 1_000;
const PLACE: CallPlace = {
  guildId: "100000000000000001",
  guildName: "Acme",
  channelId: "100000000000000002",
  channelName: "Stand-up",
  selfId: "100000000000000009",
};
const TEXT_CHANNEL_ID = "100000000000000003";
const ADA = { id: "200000000000000001", username: "ada", displayName: "Ada", bot: false };
const MESSAGE_ID = "300000000000000001";
const CALM: VoiceFlags = {
  selfMute: false,
  selfDeaf: false,
  serverMute: false,
  serverDeaf: false,
  streaming: false,
  video: false,
  suppressed: false,
};

const clock: Clock = {
  nowMs: () => CALL_START_MS,
  wallTime: () => STARTED_AT,
  every: () => () => undefined,
  sleep: async () => undefined,
};

function frame(sequence: number, arrivalMs: number, userId = ADA.id): VoiceFrame {
  const opus = Buffer.from([0xf8, sequence]);
  return {
    userId,
    ssrc: 7,
    connection: 1,
    sequence,
    rtpTimestamp: sequence * 960,
    arrivalMs,
    opus,
    durationSamples: 960,
  };
}

const created = chatMessage({ id: MESSAGE_ID, channelId: TEXT_CHANNEL_ID }, ADA, {
  content: "hi 👋",
  attachments: [
    { id: "400000000000000001", filename: "a.png", contentType: null, bytes: 5, url: "https://example.org/a" },
  ],
});

interface LogLine {
  readonly level: keyof Log;
  readonly fields: object;
  readonly message: string;
}

let folder: string;
let lines: LogLine[];
let log: Log;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), "capture-")), "call");
  lines = [];
  const logAt = (level: keyof Log) => (fields: object, message: string) => {
    lines.push({ level, fields, message });
  };
  log = { debug: logAt("debug"), info: logAt("info"), warn: logAt("warn"), error: logAt("error") };
});
afterEach(() => rm(join(folder, ".."), { recursive: true }));

function open(textChannelId: string | undefined = TEXT_CHANNEL_ID): Promise<CallCapture> {
  return CallCapture.open({ folder, textChannelId, clock, log });
}

describe("CallCapture", () => {
  it("writes a call that readFixture reads: people, voices and chat at their times", async () => {
    const capture = await open();
    capture.started(PLACE, STARTED_AT);
    capture.roster({ kind: "join", person: ADA, flags: CALM }, 0.2);
    capture.frame(frame(1, CALL_START_MS + 100));
    capture.frame(frame(2, CALL_START_MS + 120.4));
    capture.chat(created, 150.3);
    capture.roster({ kind: "update", person: ADA, flags: { ...CALM, serverMute: true, video: true } }, 160);
    capture.chat(
      { type: "reaction.add", id: MESSAGE_ID, channelId: TEXT_CHANNEL_ID, userId: ADA.id, emoji: "🎉" },
      170,
    );
    capture.chat(
      { type: "reaction.remove", id: MESSAGE_ID, channelId: TEXT_CHANNEL_ID, userId: ADA.id, emoji: "🎉" },
      180,
    );
    capture.chat(chatUpdate(created, { content: "hello" }), 190);
    capture.chat({ type: "message.delete", id: MESSAGE_ID, channelId: TEXT_CHANNEL_ID }, 200);
    const renamed = { ...ADA, displayName: "Ada L." };
    capture.roster({ kind: "update", person: renamed, flags: CALM }, 205);
    capture.roster({ kind: "leave", userId: ADA.id }, 210);
    await capture.close(300.7);

    const fixture = await readFixture(folder);
    expect(fixture.header).toMatchObject({
      startedAt: "2026-01-15T09:00:00.000Z",
      guild: { id: PLACE.guildId, name: "Acme" },
      channel: { id: PLACE.channelId, name: "Stand-up" },
      textChannel: { id: TEXT_CHANNEL_ID },
    });
    const flags = {
      selfMute: false,
      selfDeaf: false,
      mute: false,
      deaf: false,
      selfStream: false,
      selfVideo: false,
      suppress: false,
    };
    const attachment = { id: "400000000000000001", filename: "a.png", size: 5, url: "https://example.org/a" };
    expect(fixture.events).toEqual([
      { atMs: 0, type: "join", user: ADA, flags },
      { atMs: 150, type: "message", id: MESSAGE_ID, author: ADA, content: "hi 👋", attachments: [attachment] },
      { atMs: 160, type: "flags", userId: ADA.id, flags: { ...flags, mute: true, selfVideo: true } },
      { atMs: 170, type: "react", id: MESSAGE_ID, userId: ADA.id, emoji: "🎉" },
      { atMs: 180, type: "unreact", id: MESSAGE_ID, userId: ADA.id, emoji: "🎉" },
      { atMs: 190, type: "edit", id: MESSAGE_ID, content: "hello", embeds: [] },
      { atMs: 200, type: "delete", id: MESSAGE_ID },
      { atMs: 205, type: "rename", userId: ADA.id, username: ADA.username, displayName: "Ada L." },
      { atMs: 205, type: "flags", userId: ADA.id, flags },
      { atMs: 210, type: "leave", userId: ADA.id },
      { atMs: 301, type: "end", packets: { [ADA.id]: 2 } },
    ]);
    const packets = fixture.packets.get(ADA.id) ?? [];
    expect(packets.map((packet) => packet.atMs)).toEqual([100, 120]);
    expect(packets.map((packet) => parseRtpHeader(packet.rtp))).toMatchObject([
      { ssrc: 7, sequence: 1, rtpTimestamp: 960, payloadType: 120 },
      { ssrc: 7, sequence: 2, rtpTimestamp: 1920, payloadType: 120 },
    ]);
    expect(packets.map((packet) => [...packet.rtp.subarray(12)])).toEqual([
      [0xf8, 1],
      [0xf8, 2],
    ]);
    expect(lines).toEqual([
      { level: "info", fields: { folder, leftOut: 0 }, message: "captured the call as a fixture" },
    ]);
  });

  it("places a delayed frame at its arrival", async () => {
    const capture = await open();
    capture.started(PLACE, STARTED_AT);
    capture.roster({ kind: "join", person: ADA, flags: CALM }, 0);
    capture.frame(frame(2, CALL_START_MS + 50));
    capture.frame(frame(1, CALL_START_MS + 30));
    capture.frame(frame(0, CALL_START_MS - 5));
    await capture.close(100);
    const packets = (await readFixture(folder)).packets.get(ADA.id) ?? [];
    expect(packets.map((packet) => packet.atMs)).toEqual([0, 30, 50]);
  });

  it("leaves out what a fixture cannot hold, and says how much that was", async () => {
    const capture = await open();
    capture.started(PLACE, STARTED_AT);
    capture.frame(frame(1, CALL_START_MS));
    capture.roster({ kind: "leave", userId: ADA.id }, 5);
    capture.chat({ type: "message.delete", id: MESSAGE_ID, channelId: TEXT_CHANNEL_ID }, 10);
    await capture.close(20);
    expect((await readFixture(folder)).events).toEqual([{ atMs: 20, type: "end", packets: {} }]);
    expect(lines.map((line) => line.level)).toEqual(["debug", "debug", "debug", "info"]);
    expect(lines.at(-1)?.fields).toEqual({ folder, leftOut: 3 });
  });

  it("keeps a voice channel's own chat apart from a text channel", async () => {
    const capture = await open(PLACE.channelId);
    capture.started(PLACE, STARTED_AT);
    await capture.close(20);
    expect((await readFixture(folder)).header.textChannel).toBeUndefined();
  });

  it("refuses a folder with a fixture before the call", async () => {
    const first = await open();
    first.started(PLACE, STARTED_AT);
    await first.close(20);
    await expect(open()).rejects.toThrow(InputError);
  });

  it("writes nothing for a call that never starts", async () => {
    const capture = await open();
    await capture.close(0);
    await expect(readdir(folder)).rejects.toMatchObject({ code: "ENOENT" });
    expect(lines).toEqual([]);
  });

  it("logs that it could not write, and does not disturb the recording", async () => {
    const capture = await open();
    await rm(folder, { recursive: true });
    capture.started(PLACE, STARTED_AT);
    capture.roster({ kind: "join", person: ADA, flags: CALM }, 0);
    capture.frame(frame(1, CALL_START_MS));
    await capture.close(20);
    expect(lines).toMatchObject([{ level: "error", message: "the call could not be captured as a fixture" }]);
  });

  it("logs that it cannot start if Discord's names do not fit into a header", async () => {
    const capture = await open();
    capture.started({ ...PLACE, guildName: "" }, STARTED_AT);
    capture.frame(frame(1, CALL_START_MS));
    await capture.close(20);
    expect(lines).toMatchObject([{ level: "error" }]);
  });
});
