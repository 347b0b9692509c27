import { describe, expect, it } from "vitest";
import { checkOggOpus, mayBeFill } from "../../../src/audio/ogg/ogg-check.ts";
import { JobRecord } from "../../../src/recording/job/job-record.ts";
import { buildManifest } from "../../../src/recording/job/manifest-builder.ts";
import { Recovery } from "../../../src/recording/job/recovery.ts";
import { verifyRecording } from "../../../src/recording/verify.ts";
import { partFileName } from "../../../src/session/job-files.ts";
import { journalLine } from "../../../src/session/journal.ts";
import { readJsonLines } from "../../../src/session/json-lines.ts";
import { type Manifest, manifestSchema } from "../../../src/session/manifest.ts";
import { sessionEvent } from "../../../src/session/session-events.ts";
import { chatMessage } from "../../support/chat-message.ts";
import { FakeEventSink } from "../../support/fake-event-sink.ts";
import { memoryCall } from "../../support/memory-call.ts";
import { MemorySpool } from "../../support/memory-spool.ts";
import { MemoryStorage } from "../../support/memory-storage.ts";
import { FLAGS, somebody } from "../../support/people.ts";
import { silentLog } from "../../support/silent-log.ts";
import { settle, VirtualClock } from "../../support/virtual-clock.ts";

const ALICE = somebody(1);
const BOB = somebody(2);

interface Disk {
  readonly spool: ReadonlyMap<string, Buffer>;
  readonly storage: ReadonlyMap<string, Buffer>;
  /** Packets that had been spoken a second before. */
  readonly due: readonly string[];
}

/** Two people talk with pauses, one connection is lost for a while; what is on disk and stored, every 100 ms. */
async function recordAndWatch(): Promise<{ disks: Disk[]; manifest: Manifest; journal: Buffer; events: Buffer }> {
  const call = memoryCall();
  const { clock, spool, storage, voice, recorder } = call;
  const disks: Disk[] = [];
  const spoken: { atMs: number; hex: string }[] = [];
  let [journal, events] = [Buffer.alloc(0), Buffer.alloc(0)];
  const look = (): void => {
    const due = spoken.filter(({ atMs }) => atMs < clock.nowMs() - 1_000).map(({ hex }) => hex);
    disks.push({ spool: new Map(spool.files), storage: new Map(storage.files), due });
    journal = Buffer.from(spool.files.get("journal.jsonl") ?? journal);
    events = Buffer.from(spool.files.get("events.jsonl") ?? events);
  };
  clock.every(100, look);
  const result = recorder.run();
  await settle();
  voice.listener?.roster({ kind: "join", person: ALICE, flags: FLAGS });
  voice.listener?.roster({ kind: "join", person: BOB, flags: FLAGS });
  for (let packet = 0; packet < 500; packet += 1) {
    if (packet % 200 < 90) spoken.push({ atMs: clock.nowMs(), hex: call.speak(ALICE.id) });
    if (packet % 230 > 60) spoken.push({ atMs: clock.nowMs(), hex: call.speak(BOB.id) });
    if (packet === 250) voice.listener?.connection("reconnecting");
    if (packet === 270) voice.listener?.connection("live");
    if (packet === 300) voice.listener?.warning("server_deafened", "a warning");
    const author = { id: ALICE.id, username: "user1", displayName: "User 1", bot: false };
    const place = { id: String(3e17 + packet), channelId: "100000000000000003" };
    if (packet % 50 === 0) call.chat.listener?.chatted(chatMessage(place, author));
    await clock.advance(20);
  }
  voice.listener?.roster({ kind: "leave", userId: BOB.id });
  spool.onWrite = look;
  recorder.end({ exitReason: "leave_requested", detail: "test" });
  const { manifest } = await result;
  if (manifest === undefined) throw new Error("the call was recorded");
  return { disks, manifest, journal, events };
}

/** Starts where a killed worker's disk and storage are left. */
async function recover({ spool: left, storage: stored }: Pick<Disk, "spool" | "storage">) {
  const spool = new MemorySpool();
  for (const [name, bytes] of left) spool.files.set(name, bytes);
  const storage = new MemoryStorage(spool);
  for (const [name, bytes] of stored) storage.files.set(name, bytes);
  const ports = { spool, storage, eventSink: new FakeEventSink(), clock: new VirtualClock(), log: silentLog };
  const recovery = await Recovery.open(ports, await Recovery.readJournal(spool));
  return { result: await recovery.run(), spool, storage };
}

const verify = (files: ReadonlyMap<string, Buffer>) => verifyRecording({ read: async (name) => files.get(name) });
const all = (files: ReadonlyMap<string, Buffer>): string =>
  [...files].flatMap(([name, bytes]) => (name.endsWith(".ogg") ? [bytes.toString("hex")] : [])).join();

/** How long the talkspurts of somebody are, together. */
function spokenMs(storage: MemoryStorage, userId: string): number {
  const { lines } = readJsonLines(storage.files.get("events.jsonl") ?? Buffer.alloc(0), sessionEvent);
  return lines.reduce((sum, event) => {
    return event.type === "talkspurt" && event.speakerId === userId ? sum + event.endMs - event.atMs : sum;
  }, 0);
}

describe("Recovery", () => {
  it("makes the same manifest from journal and events as the worker that wrote them", async () => {
    const { journal, events, manifest } = await recordAndWatch();
    const record = new JobRecord();
    for (const line of readJsonLines(journal, journalLine).lines) record.note(line);
    for (const event of readJsonLines(events, sessionEvent).lines) record.see(event);
    expect(buildManifest(record, (name) => `memory:/job/${name}`)).toEqual(manifest);
  });

  it("finishes a job wherever it was interrupted, with everything said up to a second before", async () => {
    const { disks } = await recordAndWatch();
    const ends = new Set<string>();
    for (const disk of disks.filter(({ spool }) => spool.has("journal.jsonl"))) {
      const { result, spool, storage } = await recover(disk);
      if (storage.files.size === 0) {
        expect(result).toMatchObject({ state: { status: "failed" }, manifest: undefined });
        continue;
      }
      expect(result.exitCode).toBe(0);
      expect([...spool.files.keys()]).toEqual([]);
      const { faults, manifest } = await verify(storage.files);
      expect(faults).toEqual([]);
      const sounds = all(storage.files);
      expect(disk.due.filter((hex) => !sounds.includes(hex))).toEqual([]);
      ends.add(manifest?.exitReason ?? "none");
    }
    expect([...ends].sort()).toEqual(["internal_error", "leave_requested"]);
  });

  it("continues after an interrupted recovery, and ends with the same files", async () => {
    const { disks } = await recordAndWatch();
    const middle = disks[Math.floor(disks.length / 2)];
    if (middle === undefined) throw new Error("there are disks");
    const whole = await recover(middle);
    const steps: Pick<Disk, "spool" | "storage">[] = [];
    const spool = new MemorySpool();
    for (const [name, bytes] of middle.spool) spool.files.set(name, bytes);
    const storage = new MemoryStorage(spool);
    for (const [name, bytes] of middle.storage) storage.files.set(name, bytes);
    spool.onWrite = () => steps.push({ spool: new Map(spool.files), storage: new Map(storage.files) });
    const ports = { spool, storage, eventSink: new FakeEventSink(), clock: new VirtualClock(), log: silentLog };
    await (await Recovery.open(ports, await Recovery.readJournal(spool))).run();
    expect(steps.length).toBeGreaterThan(10);
    for (const step of steps.filter(({ spool: left }) => left.has("journal.jsonl"))) {
      const { result, storage: finished } = await recover(step);
      expect(result.exitCode).toBe(0);
      expect((await verify(finished.files)).faults).toEqual([]);
      expect(all(finished.files)).toBe(all(whole.storage.files));
    }
  });

  it("drops what a kill has torn: the last line of a log, and incomplete pages", async () => {
    const { disks } = await recordAndWatch();
    const disk = disks.find(({ spool }) => [...spool.keys()].some((name) => name.endsWith(".ogg")));
    if (disk === undefined) throw new Error("somebody spoke");
    const torn = new Map(
      [...disk.spool].map(([name, bytes]) => [name, Buffer.concat([bytes, bytes.subarray(0, 20)])] as const),
    );
    const { result, storage } = await recover({ spool: torn, storage: disk.storage });
    expect(result.exitCode).toBe(0);
    expect((await verify(storage.files)).faults).toEqual([]);
  });

  it("says that the worker was killed, and leaves nothing open", async () => {
    const { disks } = await recordAndWatch();
    const lost = disks.find(({ spool }) => spool.get("journal.jsonl")?.includes('"away"'));
    if (lost === undefined) throw new Error("the connection was lost");
    const { storage, result } = await recover(lost);
    expect(result.state).toMatchObject({ status: "failed", failureCode: "internal_error" });
    const manifest = manifestSchema.parse(JSON.parse(storage.files.get("manifest.json")?.toString("utf8") ?? ""));
    expect(manifest.exitDetail).toContain("the worker was killed");
    expect(manifest.warnings).toMatchObject([{ code: "recovered" }]);
    expect(manifest.gaps).toMatchObject([{ reason: "reconnect" }]);
  });

  it("says how long and when each speaker spoke, based on the files", async () => {
    const { disks } = await recordAndWatch();
    for (const disk of disks.filter(({ spool }) => spool.has("journal.jsonl"))) {
      const { result, storage } = await recover(disk);
      const { manifest } = result;
      if (manifest === undefined) continue;
      const isNoted = disk.spool.get("journal.jsonl")?.includes('"counts"') === true;
      if (isNoted) expect(manifest.e2ee).toMatchObject({ daveProtocolVersion: 1, epochs: 2 });
      for (const { id, talkTimeMs, datagrams } of manifest.participants) {
        const tracks = manifest.tracks.filter(({ speakerId }) => speakerId === id);
        const sounds = tracks.flatMap(({ part }) =>
          checkOggOpus(storage.files.get(partFileName(id, part)) ?? Buffer.alloc(0)).packets.filter(
            (one) => !mayBeFill(one),
          ),
        );
        expect(talkTimeMs).toBe(sounds.length * 20);
        expect(datagrams.written).toBe(sounds.length);
        expect(spokenMs(storage, id)).toBeGreaterThanOrEqual(talkTimeMs - 20);
      }
    }
  });

  it("detects speech that continued from one file into the next, even if its end was never written", async () => {
    const call = memoryCall({ rotation: { mode: "duration", silenceSamples: 96_000, maxPartSamples: 480_000 } });
    const result = call.recorder.run();
    await settle();
    call.voice.listener?.roster({ kind: "join", person: ALICE, flags: FLAGS });
    let killed: Pick<Disk, "spool" | "storage"> | undefined;
    for (let packet = 0; packet < 1_250; packet += 1) {
      call.speak(ALICE.id);
      await call.clock.advance(20);
      if (packet === 1_200) killed = { spool: new Map(call.spool.files), storage: new Map(call.storage.files) };
    }
    call.recorder.end({ exitReason: "leave_requested", detail: "test" });
    await result;
    if (killed === undefined) throw new Error("it was killed");
    const { result: recovered, storage } = await recover(killed);
    const { manifest } = recovered;
    expect(manifest?.tracks).toHaveLength(3);
    const talkTimeMs = manifest?.participants[0]?.talkTimeMs ?? 0;
    expect(talkTimeMs).toBeGreaterThan(23_000);
    expect(spokenMs(storage, ALICE.id)).toBe(talkTimeMs);
  });

  it("keeps what cannot be stored, and stores it the next time", async () => {
    const { disks } = await recordAndWatch();
    const disk = disks[20];
    if (disk === undefined) throw new Error("there are disks");
    const spool = new MemorySpool();
    for (const [name, bytes] of disk.spool) spool.files.set(name, bytes);
    const storage = new MemoryStorage(spool);
    storage.failing = () => true;
    const clock = new VirtualClock();
    const ports = { spool, storage, eventSink: new FakeEventSink(), clock, log: silentLog };
    const running = (await Recovery.open(ports, await Recovery.readJournal(spool))).run();
    let over = false;
    void running.finally(() => {
      over = true;
    });
    while (!over) await clock.advance(1_000);
    expect(await running).toMatchObject({ exitCode: 5, manifest: undefined });
    const { result, storage: later } = await recover({ spool: spool.files, storage: storage.files });
    expect(result.exitCode).toBe(0);
    expect((await verify(later.files)).faults).toEqual([]);
  });

  it("ends a call that was cancelled before it was joined as cancelled, not as a killed worker", async () => {
    const call = memoryCall();
    call.voice.joining = new Promise(() => undefined);
    call.eventSink.pending = 1;
    const running = call.recorder.run();
    call.recorder.end({ exitReason: "cancelled", detail: "the job was deleted over HTTP" });
    expect(await running).toMatchObject({ exitCode: 5, state: { status: "cancelled" } });
    const { spool, storage, clock } = call;
    const eventSink = new FakeEventSink();
    const ports = { spool, storage, eventSink, clock, log: silentLog };
    const result = await (await Recovery.open(ports, await Recovery.readJournal(spool))).run();
    expect(result).toMatchObject({ exitCode: 0, state: { status: "cancelled", end: { exitReason: "cancelled" } } });
    expect(eventSink.events.map((event) => ("status" in event ? event.status : event.event))).toEqual([
      "finalizing",
      "cancelled",
    ]);
    expect([...spool.files.keys()]).toEqual([]);
  });
});

it("ends with exit code 5 and keeps the spool if the local disk refuses something", async () => {
  const { disks } = await recordAndWatch();
  const disk = disks[100];
  if (disk === undefined) throw new Error("the call has 100 looks");
  const refusing = new MemorySpool();
  for (const [name, bytes] of disk.spool) refusing.files.set(name, bytes);
  refusing.write = async () => {
    throw new Error("EISDIR: illegal operation on a directory");
  };
  const storage = new MemoryStorage(refusing);
  const ports = { spool: refusing, storage, eventSink: new FakeEventSink(), clock: new VirtualClock(), log: silentLog };
  const recovery = await Recovery.open(ports, await Recovery.readJournal(refusing));
  expect(await recovery.run()).toMatchObject({
    exitCode: 5,
    state: { status: "failed", failureCode: "internal_error" },
  });
  const after = await recover({ spool: refusing.files, storage: storage.files });
  expect(after.result).toMatchObject({ exitCode: 0 });
  expect((await verify(after.storage.files)).faults).toEqual([]);
});
