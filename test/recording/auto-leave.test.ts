import { describe, expect, it } from "vitest";
import type { AutoLeaveOptions } from "../../src/session/leaving/auto-leave.ts";
import { type Manifest, manifestSchema } from "../../src/session/manifest.ts";
import type { SessionEvent } from "../../src/session/session-events.ts";
import { type MemoryCall, memoryCall } from "../support/memory-call.ts";
import { FLAGS, somebody } from "../support/people.ts";
import { settle } from "../support/virtual-clock.ts";

const ALICE = somebody(1);
const BOB = somebody(2);
const CRAIG = { ...somebody(4, true), username: "Craig", displayName: "Craig" };
const OFF: AutoLeaveOptions = { entryDelayMs: 0, soloMs: 0, silenceMs: 0, maxMs: 0, onBotDetected: false };

type Somebody = typeof ALICE;
const joins = (call: MemoryCall, person: Somebody): void =>
  call.voice.listener?.roster({ kind: "join", person, flags: FLAGS });
const leaves = (call: MemoryCall, { id: userId }: Somebody): void =>
  call.voice.listener?.roster({ kind: "leave", userId });

const text = (call: MemoryCall, name: string): string => call.storage.files.get(name)?.toString("utf8") ?? "";
const manifestOf = (call: MemoryCall): Manifest => manifestSchema.parse(JSON.parse(text(call, "manifest.json")));
const eventsOf = (call: MemoryCall): SessionEvent[] =>
  text(call, "events.jsonl")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

async function started(autoLeave: Partial<AutoLeaveOptions>) {
  const call = memoryCall({ autoLeave: { ...OFF, ...autoLeave } });
  const result = call.recorder.run();
  await settle();
  return { call, result };
}

/** A 20 ms packet now, of somebody's SSRC on a voice connection, with or without sound. */
function say(
  call: MemoryCall,
  person: Somebody,
  stream: { ssrc: number; connection: number; index: number },
  opus?: Buffer,
) {
  const arrivalMs = call.clock.nowMs();
  call.voice.listener?.frame({
    userId: person.id,
    ssrc: stream.ssrc,
    connection: stream.connection,
    sequence: stream.index,
    rtpTimestamp: stream.index * 960,
    arrivalMs,
    opus: opus ?? Buffer.from([0x78, stream.index, stream.ssrc, stream.connection, 9]),
    durationSamples: 960,
  });
}

describe("an auto-leave rule", () => {
  it("is prevented by a person who joins in the last second, and starts over when they leave", async () => {
    const { call, result } = await started({ entryDelayMs: 10_000, soloMs: 10_000 });
    await call.clock.advance(9_900);
    joins(call, ALICE);
    await call.clock.advance(1_000);
    leaves(call, ALICE);
    await call.clock.advance(9_900);
    joins(call, BOB);
    await call.clock.advance(60_000);
    expect(call.recorder.state.status).toBe("recording");
    leaves(call, BOB);
    await call.clock.advance(10_100);
    expect(await result).toMatchObject({ state: { end: { exitReason: "alone_in_room" } } });
    expect(manifestOf(call).durationSeconds).toBeCloseTo(90.8, 0);
  });

  it.each(["entryDelayMs", "soloMs", "silenceMs", "maxMs"] as const)(
    "does not fire while reconnecting: %s",
    async (option) => {
      const { call, result } = await started({ [option]: 5_000 });
      if (option !== "entryDelayMs") joins(call, ALICE);
      if (option === "soloMs") leaves(call, ALICE);
      await call.clock.advance(4_900);
      call.voice.listener?.connection("reconnecting");
      await call.clock.advance(200_000);
      expect(call.recorder.state.status).toBe("recording");
      const [countdown] = call.recorder.status().countdowns;
      expect(countdown).toMatchObject({
        waitingFor: "reconnecting",
        thresholdMs: 5_000,
        remainingMs: option === "maxMs" ? 0 : 100,
      });
      call.voice.listener?.connection("live");
      await call.clock.advance(200);
      await result;
      const [line] = eventsOf(call).filter(({ type }) => type === "auto_leave");
      expect(line).toMatchObject({ evidence: { uncountedMs: option === "maxMs" ? 0 : 200_000 } });
    },
  );

  it("waits while the gateway is disconnected, which declares no gap", async () => {
    const { call, result } = await started({ entryDelayMs: 5_000 });
    call.voice.listener?.rosterKnown(false);
    await call.clock.advance(60_000);
    call.voice.listener?.rosterKnown(true);
    await call.clock.advance(4_900);
    expect(call.recorder.state.status).toBe("recording");
    await call.clock.advance(200);
    await result;
    expect(manifestOf(call)).toMatchObject({ exitReason: "nobody_joined", gaps: [] });
  });

  it.each([
    ["comfort silence", Buffer.from([0xf8, 0xff, 0xfe])],
    ["a frame of nothing", Buffer.from([0x78])],
    ["padding", Buffer.alloc(0)],
  ])("treats %s as silence", async (_, opus) => {
    const { call, result } = await started({ silenceMs: 5_000 });
    joins(call, ALICE);
    for (let index = 0; index < 260; index += 1) {
      say(call, ALICE, { ssrc: 1, connection: 1, index }, opus);
      await call.clock.advance(20);
    }
    expect(await result).toMatchObject({ state: { end: { exitReason: "silence_timeout" } } });
    expect(eventsOf(call).find(({ type }) => type === "auto_leave")).toMatchObject({ evidence: { lastVoice: null } });
  });

  it("reports another recorder once, and leaves if the job asks for it", async () => {
    const { call, result } = await started({ onBotDetected: true });
    joins(call, ALICE);
    joins(call, CRAIG);
    await call.clock.advance(200);
    expect(await result).toMatchObject({ exitCode: 0, state: { end: { exitReason: "competing_bot" } } });
    expect(eventsOf(call).map(({ type }) => type)).toEqual([
      "state",
      "state",
      "participant.join",
      "participant.join",
      "competing_bot",
      "auto_leave",
      "state",
    ]);
  });

  it("counts from the departure of a person who spoke a moment before, not from the next check", async () => {
    const { call, result } = await started({ soloMs: 5_000 });
    joins(call, ALICE);
    await call.clock.advance(1_010);
    say(call, ALICE, { ssrc: 1, connection: 1, index: 1 });
    leaves(call, ALICE);
    await call.clock.advance(6_000);
    await result;
    expect(eventsOf(call).find(({ type }) => type === "auto_leave")).toMatchObject({
      sinceMs: 1_010,
      evidence: { lastToLeave: { id: ALICE.id, atMs: 1_010 }, lastVoice: { id: ALICE.id, atMs: 1_010 } },
    });
  });

  it("recognises a recorder by a name that a bot gets while it is in the channel", async () => {
    const { call, result } = await started({ onBotDetected: true });
    const bot = somebody(3, true);
    joins(call, bot);
    await call.clock.advance(1_000);
    const person = { ...bot, displayName: "Meeting recorder" };
    call.voice.listener?.roster({ kind: "update", person, flags: FLAGS });
    await call.clock.advance(200);
    expect(await result).toMatchObject({ state: { end: { exitReason: "competing_bot" } } });
  });
});

describe("talk time and labels", () => {
  it("continue over reconnects and several streams of one person", async () => {
    const { call, result } = await started({});
    joins(call, ALICE);
    joins(call, BOB);
    const streams = [
      { ssrc: 7, connection: 1 },
      { ssrc: 8, connection: 1 },
      { ssrc: 7, connection: 2 },
    ];
    for (const stream of streams) {
      for (let index = 0; index < 50; index += 1) {
        say(call, BOB, { ...stream, index });
        await call.clock.advance(20);
      }
      if (stream.ssrc !== 8) continue;
      call.voice.listener?.connection("reconnecting");
      await call.clock.advance(3_000);
      call.voice.listener?.connection("live");
    }
    for (let index = 0; index < 10; index += 1) {
      say(call, ALICE, { ssrc: 9, connection: 2, index });
      await call.clock.advance(20);
    }
    call.recorder.end({ exitReason: "leave_requested", detail: "test" });
    await result;
    expect(manifestOf(call).participants).toMatchObject([
      { id: ALICE.id, speakerLabel: "B", talkTimeMs: 200 },
      { id: BOB.id, speakerLabel: "A", talkTimeMs: 3_000 },
    ]);
  });
});
