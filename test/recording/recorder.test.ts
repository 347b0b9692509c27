import { describe, expect, it } from "vitest";
import { InputError, JobError } from "../../src/errors.ts";
import { provisionalManifestSchema } from "../../src/session/manifest.ts";
import { type MemoryCall, memoryCall } from "../support/memory-call.ts";
import { settle } from "../support/virtual-clock.ts";
import { ALICE, BOB, BOT, eventsOf, join, json, leave, manifestOf, started, talk } from "./recorder-call.ts";

describe("Recorder", () => {
  it("goes through its states, and stores the manifest last", async () => {
    const { call, result } = await started();
    join(call, ALICE);
    await talk(call, ALICE, 1_000);
    leave(call, ALICE);
    await call.clock.advance(60_000);
    expect(await result).toMatchObject({ exitCode: 0, state: { status: "completed" } });
    expect(call.storage.order.at(-1)).toBe("manifest.json");
    expect(call.storage.order).toContain(`audio.${ALICE.id}.ogg`);
    expect(call.spool.files.size).toBe(0);
    expect(eventsOf(call).flatMap((event) => (event.type === "state" ? [event.status] : []))).toEqual([
      "in_call",
      "recording",
      "finalizing",
    ]);
    expect(call.voice).toMatchObject({ left: 1, closed: 1 });
  });

  it("looks once a second while nobody speaks, and writes within 100 ms what happens then", async () => {
    const { call, result } = await started();
    join(call, ALICE);
    await talk(call, ALICE, 1_000);
    call.voice.isQuiet = true;
    await call.clock.advance(1_100);
    let settled = 0;
    call.voice.settle = () => {
      settled += 1;
    };
    await call.clock.advance(10_000);
    expect(settled).toBe(10);
    const eventBytes = (): number => call.spool.files.get("events.jsonl")?.length ?? 0;
    const before = eventBytes();
    join(call, BOB);
    await call.clock.advance(100);
    expect(eventBytes()).toBeGreaterThan(before);
    call.voice.isQuiet = false;
    call.voice.listener?.active();
    settled = 0;
    await call.clock.advance(1_000);
    expect(settled).toBe(10);
    for (const person of [ALICE, BOB]) leave(call, person);
    await call.clock.advance(60_000);
    expect(await result).toMatchObject({ exitCode: 0 });
  });

  it("loses a part that cannot be created, but not the speaker's next part or another speaker's", async () => {
    const { call, result } = await started();
    for (const person of [ALICE, BOB]) join(call, person);
    const create = call.spool.create.bind(call.spool);
    call.spool.create = (name) => {
      if (name === `audio.${BOB.id}.ogg`) throw new InputError("no such name");
      return create(name);
    };
    for (let spokenMs = 0; spokenMs < 3_000; spokenMs += 20) {
      call.speak(BOB.id);
      await talk(call, ALICE, 20);
    }
    // An id of another form than Discord's has no place in a file's header.
    call.speak("x7");
    for (const person of [ALICE, BOB]) leave(call, person);
    await call.clock.advance(60_000);
    expect(await result).toMatchObject({ exitCode: 0, state: { status: "completed" } });
    const { tracks, datagrams, warnings } = manifestOf(call);
    expect(tracks.map(({ speakerId, part }) => [speakerId, part])).toEqual([
      [BOB.id, 2],
      [ALICE.id, 1],
    ]);
    expect(tracks.map(({ packets }) => packets.received)).toEqual([48, 150]);
    expect(datagrams).toMatchObject({ received: 301, written: 198, dropped: { disk_refused: 103 } });
    expect(warnings.map(({ code, text }) => [code, text])).toEqual([
      ["speaker_not_stored", expect.stringContaining(`User 2 (${BOB.id}) could not be begun (no such name); what is`)],
      ["speaker_not_stored", expect.stringContaining("a file of x7 (x7) could not be begun")],
    ]);
  });

  it("reports how the call is received, what is in the spool, and where the manifest is once it is stored", async () => {
    const { call, result } = await started();
    expect(call.recorder.status()).toMatchObject({
      manifestUri: undefined,
      call: { connection: "live", reconnects: 0 },
    });
    join(call, ALICE);
    await talk(call, ALICE, 1_200);
    call.voice.listener?.connection("reconnecting");
    call.voice.listener?.connection("reconnecting");
    call.voice.listener?.connection("live");
    const { spoolBytes, encryption, call: figures } = call.recorder.status();
    expect(spoolBytes).toBeGreaterThan(1_000);
    expect(encryption).toEqual({ daveProtocolVersion: 1, epochs: 2, plaintextPackets: 0 });
    expect(figures).toMatchObject({ connection: "live", reconnects: 1, reorderDepth: 0 });
    expect(figures?.pageLatency.count).toBe(2);
    expect(figures?.pageLatency.upTo.get(500)).toBe(2);
    call.recorder.end({ exitReason: "shutdown", detail: "test" });
    await result;
    expect(call.recorder.status()).toMatchObject({ manifestUri: "memory:/job/manifest.json", spoolBytes: 0 });
  });

  it("stores a part during the call", async () => {
    const { call, result } = await started();
    join(call, ALICE);
    await talk(call, ALICE, 500);
    await call.clock.advance(4_000);
    expect(call.storage.order).toEqual([`audio.${ALICE.id}.ogg`]);
    call.recorder.end({ exitReason: "shutdown", detail: "test" });
    await result;
  });

  it.each([
    [
      "nobody_joined",
      "failed",
      async (call: MemoryCall) => {
        join(call, BOT);
        await call.clock.advance(299_900);
      },
    ],
    [
      "alone_in_room",
      "completed",
      async (call: MemoryCall) => {
        join(call, ALICE);
        join(call, BOT);
        await call.clock.advance(100_000);
        leave(call, ALICE);
        await call.clock.advance(59_900);
      },
    ],
    [
      "silence_timeout",
      "completed",
      async (call: MemoryCall) => {
        join(call, ALICE);
        await talk(call, ALICE, 1_000);
        await call.clock.advance(899_900);
      },
    ],
    [
      "max_duration",
      "completed",
      async (call: MemoryCall) => {
        join(call, ALICE);
        for (let part = 0; part < 16; part += 1) {
          call.speak(ALICE.id);
          await call.clock.advance(895_000);
        }
        call.speak(ALICE.id);
        await call.clock.advance(79_900);
      },
    ],
  ] as const)("leaves automatically at the right time, not before: %s", async (exitReason, status, until) => {
    const { call, result } = await started();
    await until(call);
    expect(call.recorder.state.status).toBe("recording");
    await call.clock.advance(200);
    expect(await result).toMatchObject({ exitCode: 0, state: { status, end: { exitReason } } });
    expect(manifestOf(call).exitReason).toBe(exitReason);
  });

  it("keeps a call that ended unexpectedly as a partial recording", async () => {
    const { call, result } = await started();
    join(call, ALICE);
    await talk(call, ALICE, 1_000);
    call.voice.listener?.ended({ exitReason: "removed_from_meeting", detail: "kicked" });
    expect(await result).toMatchObject({
      exitCode: 0,
      state: { status: "failed", failureCode: "removed_from_meeting" },
    });
    expect(manifestOf(call)).toMatchObject({
      failureCode: "removed_from_meeting",
      tracks: [{ packets: { received: 50 } }],
    });
  });

  it.each([
    ["meeting_not_found", 1],
    ["auth_failure", 3],
    ["lobby_timeout", 2],
    ["network_loss", 2],
  ] as const)("says why it could not join: %s", async (failureCode, exitCode) => {
    const call = memoryCall();
    call.voice.joining = Promise.reject(new JobError(failureCode, "why"));
    const result = await call.recorder.run();
    expect(result).toMatchObject({
      exitCode,
      manifest: undefined,
      state: { status: "failed", failureCode, detail: "why" },
    });
    expect(call.voice.closed).toBe(1);
    expect(call.storage.order).toEqual([]);
  });

  it("does not join if the storage is not writable", async () => {
    const call = memoryCall();
    call.storage.check = () => Promise.reject(new InputError("no such place"));
    await expect(call.recorder.run()).rejects.toThrow("no such place");
    expect(call.voice.left).toBe(0);
  });

  it("stops joining when asked to leave", async () => {
    const call = memoryCall();
    call.voice.joining = new Promise(() => undefined);
    const result = call.recorder.run();
    call.recorder.end({ exitReason: "shutdown", detail: "SIGTERM" });
    expect(await result).toMatchObject({ exitCode: 0, manifest: undefined, state: { status: "cancelled" } });
    expect(call.voice).toMatchObject({ left: 1, closed: 1 });
  });

  it("stops waiting for an unresponsive storage when asked to leave, and does not join", async () => {
    const call = memoryCall();
    call.storage.check = () => new Promise(() => undefined);
    const result = call.recorder.run();
    call.recorder.end({ exitReason: "shutdown", detail: "SIGTERM" });
    expect(await result).toMatchObject({ exitCode: 0, manifest: undefined, state: { status: "cancelled" } });
    expect(call.eventSink.events.map(({ event }) => event)).not.toContain("job.finalized");
  });

  it("reports each step of a job, and finally that it is finalized, once everything is stored", async () => {
    const { call, result } = await started();
    join(call, ALICE);
    await talk(call, ALICE, 61_000);
    call.recorder.pause();
    await call.clock.advance(5_000);
    call.recorder.resume();
    call.recorder.end({ exitReason: "leave_requested", detail: "test" });
    await result;
    expect(
      call.eventSink.events.map((event) => ("paused" in event ? [event.status, event.paused] : event.event)),
    ).toEqual([
      ["joining", false],
      ["in_call", false],
      ["recording", false],
      ["recording", true],
      ["recording", false],
      ["finalizing", false],
      ["completed", false],
      "bot.usage_recorded",
      "job.finalized",
    ]);
    expect(call.eventSink.events.at(-2)).toMatchObject({ seconds: 61, billed: true });
    expect(call.eventSink.events.at(-1)).toMatchObject({
      status: "completed",
      manifestUri: "memory:/job/manifest.json",
    });
  });

  it("reports a partial recording as failed, and says where it is", async () => {
    const { call, result } = await started();
    join(call, ALICE);
    await talk(call, ALICE, 1_000);
    call.voice.listener?.ended({ exitReason: "removed_from_meeting", detail: "kicked" });
    await result;
    expect(call.eventSink.events.slice(-3)).toMatchObject([
      { event: "job.failed", failure_code: "removed_from_meeting", manifestUri: "memory:/job/manifest.json" },
      { event: "bot.usage_recorded", seconds: 1, billed: false },
      { event: "job.finalized", status: "failed" },
    ]);
  });

  it("exits 5 and keeps the spool if not everything could be delivered", async () => {
    const { call, result } = await started();
    call.eventSink.pending = 1;
    call.recorder.end({ exitReason: "leave_requested", detail: "test" });
    expect(await result).toMatchObject({ exitCode: 5, manifestUri: "memory:/job/manifest.json" });
    expect([...call.spool.files.keys()]).toContain("journal.jsonl");
  });

  it("stores its progress every minute, naming only stored files, until the manifest is stored", async () => {
    const { call, result } = await started();
    join(call, ALICE);
    await talk(call, ALICE, 1_000);
    await call.clock.advance(58_500);
    expect(call.storage.files.has("manifest.recording.json")).toBe(false);
    await talk(call, ALICE, 1_000);
    const provisional = provisionalManifestSchema.parse(JSON.parse(json(call, "manifest.recording.json")));
    expect(provisional).toMatchObject({ status: "recording", jobId: "job_1", tracks: [{ part: 1 }] });
    expect(provisional.datagrams.received).toBeGreaterThan(50);
    expect(provisional).not.toHaveProperty("exitReason");
    call.recorder.end({ exitReason: "leave_requested", detail: "test" });
    await result;
    expect([...call.storage.files.keys()]).not.toContain("manifest.recording.json");
    expect(manifestOf(call).tracks).toHaveLength(2);
  });

  it("reports a crash before joining as a failure", async () => {
    const call = memoryCall();
    call.voice.joining = new Promise(() => undefined);
    const result = call.recorder.run();
    call.recorder.end({ exitReason: "internal_error", detail: "crashed" });
    expect(await result).toMatchObject({ exitCode: 2, state: { status: "failed", failureCode: "internal_error" } });
  });

  it("writes no manifest if a file could not be stored, keeps the file in the spool, and exits 5", async () => {
    const { call, result } = await started();
    join(call, ALICE);
    await talk(call, ALICE, 1_000);
    call.storage.failing = (name) => name.startsWith("audio.");
    call.recorder.end({ exitReason: "shutdown", detail: "test" });
    await settle();
    call.recorder.abandon();
    expect(await result).toMatchObject({ exitCode: 5, manifest: undefined, state: { status: "failed" } });
    expect([...call.spool.files.keys()]).toContain(`audio.${ALICE.id}.ogg`);
    expect(call.storage.order).not.toContain("manifest.json");
  });

  it("keeps the journal if wrong input is found after the recording has begun", async () => {
    const { call, result } = await started();
    join(call, ALICE);
    await talk(call, ALICE, 1_000);
    const taken = new InputError("another process has taken the folder after it was deleted");
    Object.assign(call.spool, { write: () => Promise.reject(taken) });
    call.recorder.end({ exitReason: "shutdown", detail: "test" });
    expect(await result).toMatchObject({ exitCode: 5, manifest: undefined, state: { status: "failed" } });
    expect([...call.spool.files.keys()]).toContain("journal.jsonl");
  });

  it("continues recording if the chat cannot be recorded, and says so", async () => {
    const call = memoryCall();
    call.chat.open = () => Promise.reject(new JobError("meeting_not_found", "no such text channel"));
    const result = call.recorder.run();
    await settle();
    join(call, ALICE);
    await talk(call, ALICE, 100);
    call.recorder.end({ exitReason: "shutdown", detail: "test" });
    expect(await result).toMatchObject({ exitCode: 0 });
    expect(manifestOf(call).warnings).toEqual([
      { code: "chat_unavailable", text: "chat is not recorded: no such text channel" },
    ]);
  });

  it("finishes even if leaving the channel fails", async () => {
    const { call, result } = await started();
    join(call, ALICE);
    await talk(call, ALICE, 100);
    call.voice.leave = () => Promise.reject(new TypeError("no gateway any more"));
    call.recorder.end({ exitReason: "shutdown", detail: "test" });
    expect(await result).toMatchObject({ exitCode: 0, state: { status: "completed" } });
  });

  it("reports who was present when and how long they spoke, and counts every datagram for its speaker", async () => {
    const { call, result } = await started();
    join(call, ALICE);
    await call.clock.advance(500);
    join(call, BOB);
    await talk(call, BOB, 1_000);
    await talk(call, ALICE, 2_000);
    call.voice.listener?.dropped("dave_undecryptable", ALICE.id);
    call.voice.listener?.dropped("auth_failed", undefined);
    leave(call, BOB);
    await call.clock.advance(1_000);
    call.recorder.end({ exitReason: "shutdown", detail: "test" });
    await result;
    const manifest = manifestOf(call);
    expect(manifest.participants).toMatchObject([
      { id: ALICE.id, speakerLabel: "B", talkTimeMs: 2_000, present: [{ fromMs: 0, toMs: 4_500 }] },
      { id: BOB.id, speakerLabel: "A", talkTimeMs: 1_000, present: [{ fromMs: 500, toMs: 3_500 }] },
    ]);
    expect(manifest.participants[0]?.datagrams).toMatchObject({ received: 101, written: 100 });
    expect(manifest.datagrams).toMatchObject({
      received: 152,
      written: 150,
      dropped: { auth_failed: 1, dave_undecryptable: 1 },
    });
    expect(manifest.tracks.find(({ speakerId }) => speakerId === ALICE.id)?.packets.undecryptable).toBe(1);
  });
});
