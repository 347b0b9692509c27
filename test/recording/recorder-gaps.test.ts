import { describe, expect, it } from "vitest";
import { chatMessage } from "../support/chat-message.ts";
import { settle } from "../support/virtual-clock.ts";
import { ALICE, BOB, join, json, leave, manifestOf, started, talk } from "./recorder-call.ts";

describe("Recorder", () => {
  it("lets no gap extend past the recording's end, however long leaving takes", async () => {
    const { call, result } = await started();
    join(call, ALICE);
    await talk(call, ALICE, 1_000);
    call.recorder.stopRecording();
    const leaving = Promise.withResolvers<void>();
    call.voice.leave = () => leaving.promise;
    await call.clock.advance(1_000);
    call.recorder.end({ exitReason: "shutdown", detail: "test" });
    await settle();
    await call.clock.advance(1_500);
    leaving.resolve();
    await result;
    expect(manifestOf(call)).toMatchObject({
      durationSeconds: 2,
      gaps: [{ startMs: 1_000, endMs: 2_000, reason: "stopped" }],
    });
  });

  it("stays while voice is disconnected, and declares the gap", async () => {
    const { call, result } = await started();
    join(call, ALICE);
    await talk(call, ALICE, 1_000);
    call.voice.listener?.connection("reconnecting");
    await call.clock.advance(1_000_000);
    expect(call.recorder.state.status).toBe("recording");
    call.voice.listener?.connection("live");
    await call.clock.advance(10_000);
    expect(call.recorder.state.status).toBe("recording");
    call.recorder.end({ exitReason: "shutdown", detail: "test" });
    await result;
    expect(manifestOf(call).gaps).toEqual([{ startMs: 1_000, endMs: 1_001_000, reason: "reconnect" }]);
  });

  it("records nothing while paused, declares the gap, and continues at the right time", async () => {
    const { call, result } = await started();
    const chat = (content: string): void => {
      const author = { id: ALICE.id, username: "user1", displayName: "User 1", bot: false };
      const place = { id: "300000000000000001", channelId: "100000000000000003" };
      call.chat.listener?.chatted({ ...chatMessage(place, author), content });
    };
    join(call, ALICE);
    await talk(call, ALICE, 1_000);
    expect(call.recorder.pause()).toBe(true);
    expect(call.recorder.pause()).toBe(false);
    chat("not for the record");
    await talk(call, ALICE, 3_000);
    join(call, BOB);
    expect(call.recorder.resume()).toBe(true);
    expect(call.recorder.resume()).toBe(false);
    chat("for the record");
    await talk(call, ALICE, 1_000);
    call.recorder.end({ exitReason: "leave_requested", detail: "test" });
    await result;
    const manifest = manifestOf(call);
    expect(manifest.gaps).toEqual([{ startMs: 1_000, endMs: 4_000, reason: "paused" }]);
    expect(manifest.tracks).toMatchObject([
      { startOffsetMs: 0, durationMs: 1_000, packets: { received: 50, lost: 0 } },
      { startOffsetMs: 4_000, durationMs: 1_000, packets: { received: 50, lost: 0 } },
    ]);
    expect(manifest.datagrams).toMatchObject({ received: 250, written: 100, dropped: { not_recording: 150 } });
    expect(manifest.participants).toHaveLength(2);
    expect(json(call, "chat.jsonl")).toContain("for the record");
    expect(json(call, "chat.jsonl")).not.toContain("not for the record");
  });

  it("treats packets that arrived before a pause began or ended as spoken before", async () => {
    const { call, result } = await started();
    join(call, ALICE);
    await talk(call, ALICE, 1_000);
    call.voice.arrived.push(() => call.speak(ALICE.id));
    call.recorder.pause();
    await talk(call, ALICE, 500);
    call.voice.arrived.push(() => call.speak(ALICE.id));
    call.recorder.resume();
    call.recorder.end({ exitReason: "leave_requested", detail: "test" });
    await result;
    expect(manifestOf(call).datagrams).toMatchObject({ received: 77, written: 51, dropped: { not_recording: 26 } });
  });

  it("treats people who talk during a pause as present, not as silence", async () => {
    const { call, result } = await started({
      autoLeave: { entryDelayMs: 0, soloMs: 0, silenceMs: 10_000, maxMs: 0, onBotDetected: false },
    });
    join(call, ALICE);
    call.recorder.pause();
    await talk(call, ALICE, 15_000);
    expect(call.recorder.state).toEqual({ status: "recording", paused: true });
    await call.clock.advance(10_000);
    expect(await result).toMatchObject({ state: { end: { exitReason: "silence_timeout" } } });
  });

  it("stays in the call without recording after a stop request, and says so when it leaves", async () => {
    const { call, result } = await started();
    join(call, ALICE);
    await talk(call, ALICE, 1_000);
    expect(call.recorder.stopRecording()).toBe(true);
    expect([call.recorder.stopRecording(), call.recorder.pause(), call.recorder.resume()]).toEqual([
      false,
      false,
      false,
    ]);
    await talk(call, ALICE, 1_000);
    expect(call.recorder.state).toEqual({ status: "in_call", stopped: true });
    expect(call.voice.left).toBe(0);
    leave(call, ALICE);
    await call.clock.advance(60_000);
    expect(await result).toMatchObject({ exitCode: 0, state: { status: "completed" } });
    const manifest = manifestOf(call);
    expect(manifest).toMatchObject({ exitReason: "stop_requested", failureCode: null });
    expect(manifest.gaps).toMatchObject([{ startMs: 1_000, reason: "stopped" }]);
    expect(manifest.datagrams.written).toBe(50);
  });

  it("declares a connection that is lost when a pause ends", async () => {
    const { call, result } = await started();
    join(call, ALICE);
    await talk(call, ALICE, 1_000);
    call.recorder.pause();
    await call.clock.advance(1_000);
    call.voice.listener?.connection("reconnecting");
    await call.clock.advance(1_000);
    call.recorder.resume();
    await call.clock.advance(1_000);
    call.voice.listener?.connection("live");
    call.recorder.end({ exitReason: "leave_requested", detail: "test" });
    await result;
    expect(manifestOf(call).gaps).toEqual([
      { startMs: 1_000, endMs: 3_000, reason: "paused" },
      { startMs: 3_000, endMs: 4_000, reason: "reconnect" },
    ]);
  });
});
