import { describe, expect, it } from "vitest";
import { MessageError } from "../../src/errors.ts";
import { Recovery } from "../../src/recording/job/recovery.ts";
import type { RecorderOptions } from "../../src/recording/recorder-options.ts";
import { CONSENT_MODES, type ConsentMode } from "../../src/session/consent.ts";
import { type Manifest, manifestSchema } from "../../src/session/manifest.ts";
import { NOTICE_TEXTS } from "../../src/session/notice-texts.ts";
import type { SessionEvent } from "../../src/session/session-events.ts";
import { chatMessage } from "../support/chat-message.ts";
import { FakeEventSink } from "../support/fake-event-sink.ts";
import { PLACE } from "../support/fake-voice.ts";
import { JOB, type MemoryCall, memoryCall, PLAIN_CONSENT } from "../support/memory-call.ts";
import { MemorySpool } from "../support/memory-spool.ts";
import { MemoryStorage } from "../support/memory-storage.ts";
import { FLAGS, somebody } from "../support/people.ts";
import { silentLog } from "../support/silent-log.ts";
import { settle, VirtualClock } from "../support/virtual-clock.ts";

const ALICE = somebody(1);
const BOB = somebody(2);
const TEXT_CHANNEL_ID = "100000000000000003";

const textOf = (call: MemoryCall, name: string) => call.storage.files.get(name)?.toString("utf8") ?? "";
const manifestOf = (call: MemoryCall): Manifest => manifestSchema.parse(JSON.parse(textOf(call, "manifest.json")));
const eventsOf = (call: MemoryCall): SessionEvent[] =>
  textOf(call, "events.jsonl")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
const participant = (call: MemoryCall, id: string) => manifestOf(call).participants.find((person) => person.id === id);

async function started(
  mode: ConsentMode,
  options: Partial<RecorderOptions> = {},
  prepare?: (call: MemoryCall) => void,
) {
  const call = memoryCall({ job: { ...JOB, consent: mode }, ...options });
  prepare?.(call);
  const result = call.recorder.run();
  await settle();
  for (const person of [ALICE, BOB]) call.voice.listener?.roster({ kind: "join", person, flags: FLAGS });
  const end = async () => {
    call.recorder.end({ exitReason: "leave_requested", detail: "test" });
    await result;
  };
  return { call, result, end };
}

/** 20 ms packets for as long; gives their bytes. */
async function talk(call: MemoryCall, { id }: typeof ALICE, milliseconds: number): Promise<string[]> {
  const said: string[] = [];
  for (let spokenMs = 0; spokenMs < milliseconds; spokenMs += 20) {
    said.push(call.speak(id));
    await call.clock.advance(20);
  }
  return said;
}

/** Which of these packets are in any file that was stored or is still in the spool. */
function kept(call: MemoryCall, said: readonly string[]): string[] {
  const files = [...call.storage.files.values(), ...call.spool.files.values()].map((bytes) => bytes.toString("hex"));
  return said.filter((packet) => files.some((file) => file.includes(packet)));
}

describe("a person who declines", () => {
  it.each(CONSENT_MODES)("is not recorded from that moment on, in %s", async (mode) => {
    const { call, end } = await started(mode);
    if (mode === "none" || mode === "notice") await call.recorder.requestRecordingPermission();
    call.announcer.press(ALICE, "allow");
    call.announcer.press(BOB, "allow");
    const [before] = [await talk(call, ALICE, 2_000), await talk(call, BOB, 100)];
    expect(call.announcer.press(ALICE, "decline")).toContain("not recorded from now on");
    const after = await talk(call, ALICE, 3_000);
    const other = await talk(call, BOB, 1_000);
    await end();
    expect(kept(call, after)).toEqual([]);
    expect(kept(call, other)).toEqual(other);
    expect(kept(call, before)).toEqual(before.slice(0, kept(call, before).length));
    const declined = participant(call, ALICE.id);
    expect(declined).toMatchObject({ consent: "declined", withheld: [{ toMs: 6_100 }] });
    expect(declined?.datagrams.dropped.not_recording).toBeGreaterThanOrEqual(after.length);
    expect(declined?.datagrams).toMatchObject({ received: 250, written: kept(call, before).length });
    expect(participant(call, BOB.id)).toMatchObject({ consent: "granted" });
  });

  it("loses the audio that is not written yet, and their file ends there, intact", async () => {
    const { call, end } = await started("opt-out");
    const said = await talk(call, ALICE, 1_700);
    call.announcer.press(ALICE, "decline");
    await end();
    const { tracks, datagrams } = manifestOf(call);
    const written = kept(call, said).length;
    // All that was on pages of half a second, and nothing behind them.
    expect(written).toBeGreaterThanOrEqual(50);
    expect(written).toBeLessThan(said.length);
    expect(tracks).toMatchObject([{ speakerId: ALICE.id, durationMs: written * 20, packets: { received: written } }]);
    expect(participant(call, ALICE.id)?.talkTimeMs).toBe(written * 20);
    expect(datagrams).toMatchObject({ received: 85, written, dropped: { not_recording: 85 - written } });
  });

  it("in their first half second leaves a file of silence", async () => {
    const { call, end } = await started("opt-out");
    const said = await talk(call, ALICE, 340);
    call.announcer.press(ALICE, "decline");
    await end();
    expect(kept(call, said)).toEqual([]);
    expect(manifestOf(call)).toMatchObject({ tracks: [{ packets: { received: 0 } }], datagrams: { written: 0 } });
    expect(eventsOf(call).filter(({ type }) => type === "talkspurt")).toEqual([]);
  });

  it("before the call is not recorded from its first packet on, until they allow it", async () => {
    const consent = { ...PLAIN_CONSENT, answered: { granted: [BOB.id], declined: [ALICE.id] } };
    const { call, end } = await started("opt-in", { consent });
    const [refused, granted] = [await talk(call, ALICE, 300), await talk(call, BOB, 300)];
    call.announcer.press(ALICE, "allow");
    const later = await talk(call, ALICE, 1_000);
    await end();
    expect([kept(call, refused), kept(call, granted), kept(call, later)]).toEqual([[], granted, later]);
    expect(manifestOf(call).datagrams.dropped).toMatchObject({ not_recording: refused.length });
    // The names are those that Discord showed.
    expect(participant(call, ALICE.id)).toMatchObject({ displayName: ALICE.displayName, consent: "granted" });
  });

  it("elsewhere, such as with a command, is heard as if they had pressed a button", async () => {
    const { call, end } = await started("notice");
    await talk(call, ALICE, 1_000);
    const controls = call.recorder;
    expect([controls.consent(ALICE, false), controls.consent(ALICE, false)]).toEqual([true, false]);
    const withheld = await talk(call, ALICE, 1_000);
    // Somebody passes on what she said before she refused.
    expect(controls.consent(ALICE, true, call.clock.wallTime().getTime() - 1_500)).toBe(false);
    expect(controls.consent(BOB, false, call.clock.wallTime().getTime() - 60_000)).toBe(true);
    await end();
    expect(kept(call, withheld)).toEqual([]);
    expect(call.eventSink.events.filter(({ event }) => event === "bot.recording_permission_response")).toHaveLength(2);
    expect(controls.consent(ALICE, true)).toBeUndefined();
  });

  it("and then agrees is recorded again in a new file, at the right time", async () => {
    const { call, end } = await started("opt-out");
    await talk(call, ALICE, 1_000);
    call.announcer.press(ALICE, "decline");
    const withheld = await talk(call, ALICE, 2_000);
    call.announcer.press(ALICE, "allow");
    const after = await talk(call, ALICE, 1_000);
    await end();
    expect(kept(call, withheld)).toEqual([]);
    expect(kept(call, after)).toEqual(after);
    expect(manifestOf(call).tracks).toMatchObject([
      { part: 1, startOffsetMs: 0 },
      { part: 2, startOffsetMs: 3_000, durationMs: 1_000, packets: { received: 50, lost: 0 } },
    ]);
    expect(participant(call, ALICE.id)).toMatchObject({
      consent: "granted",
      withheld: [{ fromMs: 1_000, toMs: 3_000 }],
    });
  });

  it("stays unrecorded when a killed worker's spool is recovered", async () => {
    const { call, end } = await started("opt-out");
    await talk(call, ALICE, 1_000);
    call.announcer.press(ALICE, "decline");
    // The counters are noted every 10 s.
    const after = await talk(call, ALICE, 11_000);
    const spool = new MemorySpool();
    for (const [name, bytes] of call.spool.files) spool.files.set(name, Buffer.from(bytes));
    await end();
    const storage = new MemoryStorage(spool);
    const ports = { spool, storage, eventSink: new FakeEventSink(), clock: new VirtualClock(), log: silentLog };
    await (await Recovery.open(ports, await Recovery.readJournal(spool))).run();
    const manifest = manifestSchema.parse(JSON.parse(storage.files.get("manifest.json")?.toString("utf8") ?? ""));
    expect(manifest.participants[0]).toMatchObject({ consent: "declined", withheld: [{ fromMs: 1_000 }] });
    expect(kept({ ...call, storage, spool }, after)).toEqual([]);
  });

  it("still counts as present, and their voice ends a silence", async () => {
    const { call, result } = await started("opt-in", {
      autoLeave: { ...memoryCallAutoLeave, silenceMs: 10_000 },
    });
    await talk(call, ALICE, 15_000);
    expect(call.recorder.state.status).toBe("recording");
    await call.clock.advance(10_200);
    expect(await result).toMatchObject({ state: { end: { exitReason: "silence_timeout" } } });
  });

  it("has no later message kept, except the bot's own messages", async () => {
    const { call, end } = await started("opt-out");
    const write = (
      person: { readonly id: string; readonly username: string },
      content: string,
      index: number,
    ): void => {
      const author = { id: person.id, username: person.username, displayName: person.username, bot: false };
      const place = { id: `30000000000000000${index}`, channelId: TEXT_CHANNEL_ID };
      call.chat.listener?.chatted({ ...chatMessage(place, author), content });
    };
    write(ALICE, "said before", 1);
    call.announcer.press(ALICE, "decline");
    write(ALICE, "said after", 2);
    const place = { id: "300000000000000003", channelId: TEXT_CHANNEL_ID };
    call.chat.listener?.chatted({ type: "reaction.add", ...place, userId: ALICE.id, emoji: "🙈" });
    write({ id: PLACE.selfId, username: "recorder" }, "being recorded", 4);
    write(BOB, "said by Bob", 5);
    await end();
    const contents = textOf(call, "chat.jsonl").trimEnd().split("\n");
    expect(contents.map((line) => JSON.parse(line).content)).toEqual(["said before", "being recorded", "said by Bob"]);
  });
});

const memoryCallAutoLeave = { entryDelayMs: 0, soloMs: 0, silenceMs: 0, maxMs: 0, onBotDetected: false };

describe("opt-in", () => {
  it("records only people who have agreed, and says so", async () => {
    const { call, end } = await started("opt-in");
    const unasked = await talk(call, ALICE, 2_000);
    call.announcer.press(BOB, "allow");
    const allowed = await talk(call, BOB, 1_000);
    await end();
    expect(kept(call, unasked)).toEqual([]);
    expect(kept(call, allowed)).toEqual(allowed);
    expect(manifestOf(call)).toMatchObject({ consentMode: "opt-in", speakers: [{ id: BOB.id }] });
    expect(participant(call, ALICE.id)).toMatchObject({
      consent: "unanswered",
      withheld: [{ fromMs: 0, toMs: 3_000 }],
      datagrams: { written: 0, dropped: { not_recording: 100 } },
    });
    expect(participant(call, BOB.id)).toMatchObject({ withheld: [{ fromMs: 0, toMs: 2_000 }] });
  });

  it("lets people answer before they join", async () => {
    const { call, end } = await started("opt-in");
    const carol = somebody(3);
    call.announcer.press(carol, "allow");
    await call.clock.advance(1_000);
    call.voice.listener?.roster({ kind: "join", person: carol, flags: FLAGS });
    const said = await talk(call, carol, 500);
    await end();
    expect(kept(call, said)).toEqual(said);
    expect(participant(call, carol.id)).toMatchObject({ consent: "granted", withheld: [] });
  });
});

describe("notices", () => {
  it("announce the start and the end of recording, with buttons if people are asked, which are removed at the end", async () => {
    for (const mode of CONSENT_MODES) {
      const { call, end } = await started(mode);
      await end();
      const labels = call.announcer.posted.map(({ buttons = [] }) => buttons.map(({ label }) => label));
      const asked = mode === "opt-in" || mode === "opt-out";
      const expected = mode === "none" ? [] : [asked ? [NOTICE_TEXTS.en.allow, NOTICE_TEXTS.en.decline] : [], []];
      expect(labels).toEqual(expected);
      expect(call.announcer.edited).toHaveLength(asked ? 1 : 0);
      expect(call.announcer.edited.every(({ message }) => message.buttons === undefined)).toBe(true);
      const notices = eventsOf(call).flatMap((event) => (event.type === "notice" ? [event.about] : []));
      expect(notices).toEqual(mode === "none" ? [] : ["start", "end"]);
    }
  });

  it("use the customer's words, or are left out", async () => {
    const custom = { ...PLAIN_CONSENT, startText: "Aufnahme läuft", endText: "Aufnahme aus" };
    const first = await started("notice", { consent: custom });
    await first.end();
    expect(first.call.announcer.posted).toEqual([{ text: "Aufnahme läuft" }, { text: "Aufnahme aus" }]);
    const second = await started("notice", { consent: { ...custom, silentStart: true, silentEnd: true } });
    await second.end();
    expect(second.call.announcer.posted).toEqual([]);
  });

  it("that a message carries already are not posted again, and its buttons count", async () => {
    const noticeMessage = { channelId: TEXT_CHANNEL_ID, messageId: "100000000000000077" };
    const consent = { ...PLAIN_CONSENT, noticeMessage, silentEnd: true };
    const { call, end } = await started("opt-in", { consent });
    expect(call.announcer.posted).toEqual([]);
    const before = await talk(call, ALICE, 200);
    call.announcer.press(ALICE, "allow");
    const after = await talk(call, ALICE, 1_000);
    await end();
    expect([kept(call, before), kept(call, after)]).toEqual([[], after]);
    expect(eventsOf(call).filter(({ type }) => type === "notice")).toMatchObject([
      { about: "start", buttons: true, ...noticeMessage },
    ]);
    expect(call.announcer.posted).toEqual([]);
    expect(participant(call, BOB.id)?.consent).toBe("unanswered");
  });

  it("are in the server's language, with their buttons and answers", async () => {
    const { call, end } = await started("opt-out", { consent: { ...PLAIN_CONSENT, language: "de" } });
    expect(call.announcer.posted[0]?.text).toContain("Dieser Sprachkanal");
    expect(call.announcer.posted[0]?.buttons?.map(({ label }) => label)).toEqual(["Erlauben", "Mich nicht aufnehmen"]);
    expect(call.announcer.press(ALICE, "decline")).toContain("nicht aufgenommen");
    await end();
  });

  it("that cannot be posted cause a warning, and recording continues", async () => {
    const { call, end } = await started("opt-out", {}, (memory) => {
      memory.announcer.failure = new MessageError("missing_permissions", "the bot lacks the permission Send Messages");
    });
    const said = await talk(call, ALICE, 500);
    await end();
    expect(kept(call, said)).toEqual(said);
    expect(manifestOf(call).warnings).toEqual([
      {
        code: "notice_not_posted",
        text: "the channel was not informed that it is being recorded: the bot lacks the permission Send Messages",
      },
    ]);
    expect(participant(call, ALICE.id)?.consent).toBe("not_asked");
  });

  it("are also posted in a channel that the bot is moved to", async () => {
    const { call, end } = await started("notice");
    call.voice.listener?.moved({ id: "100000000000000004", name: "Elsewhere" });
    await settle();
    await end();
    expect(call.announcer.posted.map(({ channelId }) => channelId)).toEqual([
      undefined,
      "100000000000000004",
      undefined,
    ]);
  });

  it("announce the end when recording is stopped, and not again when the bot leaves", async () => {
    const { call, end } = await started("opt-out");
    call.recorder.stopRecording();
    await settle();
    expect(call.announcer.posted).toHaveLength(2);
    expect(call.announcer.press(ALICE, "decline")).toBeUndefined();
    await end();
    expect(call.announcer.posted).toHaveLength(2);
  });
});

describe("asking for permission", () => {
  it("posts buttons in any mode and reports each answer once, and each change of mind", async () => {
    const { call, end } = await started("none");
    expect(await call.recorder.requestRecordingPermission()).toEqual({ channelId: TEXT_CHANNEL_ID, messageId: "1" });
    for (const kind of ["decline", "decline", "allow"] as const) call.announcer.press(ALICE, kind);
    await end();
    const answers = call.eventSink.events.filter(({ event }) => event === "bot.recording_permission_response");
    expect(answers).toMatchObject([
      { granted: false, participant: ALICE },
      { granted: true, participant: ALICE },
    ]);
    expect(eventsOf(call).filter(({ type }) => type === "consent")).toMatchObject([
      { participant: ALICE, granted: false },
      { participant: ALICE, granted: true },
    ]);
    expect(manifestOf(call).participants.map(({ consent }) => consent)).toEqual(["granted", "unanswered"]);
  });

  it("ignores answers to another job of the same bot", async () => {
    const { call, end } = await started("opt-out");
    expect(call.announcer.press(ALICE, "decline", "job_2")).toBeUndefined();
    const said = await talk(call, ALICE, 500);
    await end();
    expect(kept(call, said)).toEqual(said);
  });

  it("is impossible if nothing is being recorded", async () => {
    const { call, end } = await started("none");
    await end();
    expect(await call.recorder.requestRecordingPermission()).toBeUndefined();
    expect(call.announcer.posted).toEqual([]);
  });
});
