import { beforeAll, describe, expect, it } from "vitest";
import { Recovery } from "../../src/recording/job/recovery.ts";
import { verifyRecording } from "../../src/recording/verify.ts";
import { FakeEventSink } from "../support/fake-event-sink.ts";
import { memoryCall } from "../support/memory-call.ts";
import { MemorySpool } from "../support/memory-spool.ts";
import { MemoryStorage } from "../support/memory-storage.ts";
import { FLAGS, somebody } from "../support/people.ts";
import { silentLog } from "../support/silent-log.ts";
import { settle, VirtualClock } from "../support/virtual-clock.ts";

const ALICE = somebody(1);

interface Disk {
  readonly spool: Map<string, Buffer>;
  readonly storage: Map<string, Buffer>;
}

let left: Disk;
let said: string[];

/** Alice speaks for 3 s and pauses for 4 s, again and again; the machine stops in her last words. */
beforeAll(async () => {
  const call = memoryCall();
  const result = call.recorder.run();
  await settle();
  call.voice.listener?.roster({ kind: "join", person: ALICE, flags: FLAGS });
  said = [];
  for (let packet = 0; packet < 3_650; packet += 1) {
    if (packet % 350 < 150) said.push(call.speak(ALICE.id));
    await call.clock.advance(20);
  }
  left = { spool: new Map(call.spool.files), storage: new Map(call.storage.files) };
  call.recorder.end({ exitReason: "shutdown", detail: "test" });
  await result;
});

async function recover(change: (disk: Disk) => void, hidden?: Error) {
  const disk = { spool: new Map(left.spool), storage: new Map(left.storage) };
  change(disk);
  const spool = new MemorySpool();
  for (const [name, bytes] of disk.spool) spool.files.set(name, bytes);
  const storage = new MemoryStorage(spool);
  for (const [name, bytes] of disk.storage) storage.files.set(name, bytes);
  storage.hidden = hidden;
  const ports = { spool, storage, eventSink: new FakeEventSink(), clock: new VirtualClock(), log: silentLog };
  const recovery = await Recovery.open(ports, await Recovery.readJournal(spool));
  const { exitCode, manifest } = await recovery.run();
  const { faults } = await verifyRecording({ read: async (name) => storage.files.get(name) });
  const sounds = (manifest?.tracks ?? []).map(({ uri }) =>
    storage.files.get(uri.replace("memory:/job/", ""))?.toString("hex"),
  );
  const heard = said.filter((hex) => sounds.some((sound) => sound?.includes(hex))).length;
  return { exitCode, manifest, faults, heard, files: [...spool.files.keys()], questions: storage.questions };
}

const journalOf = (disk: Disk): string => disk.spool.get("journal.jsonl")?.toString("utf8") ?? "";

function rewrite(disk: Disk, name: string, change: (lines: string[]) => (string | Buffer)[]): void {
  const lines = (disk.spool.get(name)?.toString("utf8") ?? "").trimEnd().split("\n");
  disk.spool.set(
    name,
    Buffer.concat(change(lines).map((line) => Buffer.concat([Buffer.from(line), Buffer.from("\n")]))),
  );
}

const zeros = (line: string): Buffer => Buffer.alloc(line.length);

describe("a journal after a loss of power", () => {
  it("that ends in zeros is recovered with everything that is there", async () => {
    const whole = await recover(() => undefined);
    const { exitCode, faults, heard, files } = await recover((disk) => {
      disk.spool.set("journal.jsonl", Buffer.concat([Buffer.from(journalOf(disk)), Buffer.alloc(4_096)]));
    });
    expect({ exitCode, faults, heard, files }).toEqual({ exitCode: 0, faults: [], heard: whole.heard, files: [] });
  });

  it.each(["stored", "part"])("whose '%s' lines are gone finds the parts in the storage", async (type) => {
    const whole = await recover(() => undefined);
    expect(whole.manifest?.tracks.length).toBeGreaterThan(8);
    const { exitCode, faults, heard, manifest } = await recover((disk) => {
      rewrite(disk, "journal.jsonl", (lines) =>
        lines.map((line) => (line.includes(`"type":"${type}"`) ? zeros(line) : line)),
      );
    });
    expect({ exitCode, faults, heard }).toEqual({ exitCode: 0, faults: [], heard: whole.heard });
    expect(manifest?.tracks.map(({ uri }) => uri)).toEqual(whole.manifest?.tracks.map(({ uri }) => uri));
  });

  it("that lists a missing part says so, and the rest is recovered", async () => {
    const whole = await recover(() => undefined);
    const name = `audio.${ALICE.id}-2.ogg`;
    const bytes = left.storage.get(name)?.length;
    const { exitCode, faults, manifest } = await recover((disk) => {
      rewrite(disk, "journal.jsonl", (lines) => lines.filter((line) => !line.includes('"type":"stored"')));
      disk.storage.delete(name);
    });
    expect({ exitCode, faults }).toEqual({ exitCode: 0, faults: [] });
    expect(manifest?.tracks).toHaveLength((whole.manifest?.tracks.length ?? 0) - 1);
    expect(manifest?.warnings).toContainEqual({
      code: "file_lost",
      text: `${name} (${bytes} bytes) is neither in the spool nor in the storage; the recording is finished without it`,
    });
    expect(manifest?.datagrams.dropped.disk_refused).toBe(150);
  });

  it("is recovered whichever of its lines is damaged, including first lines that were rewritten", async () => {
    const count = journalOf(left).trimEnd().split("\n").length;
    for (let at = 0; at < count; at += 1) {
      for (const damage of [zeros, (line: string) => line.slice(0, -5)]) {
        const { exitCode, faults, manifest, files } = await recover((disk) => {
          rewrite(disk, "journal.jsonl", (lines) => lines.map((line, index) => (index === at ? damage(line) : line)));
        });
        expect({ at, exitCode, faults, files }).toEqual({ at, exitCode: 0, faults: [], files: [] });
        expect(manifest?.tracks.length).toBeGreaterThan(8);
      }
    }
  });

  it("does not need the line that says when the recording began", async () => {
    const { exitCode, faults, manifest } = await recover((disk) => {
      rewrite(disk, "journal.jsonl", (lines) => lines.filter((line) => !line.includes('"type":"recording"')));
    });
    expect({ exitCode, faults }).toEqual({ exitCode: 0, faults: [] });
    expect(manifest).toMatchObject({ startedAt: "2026-01-01T00:00:05.000Z", guild: { name: "Guild" } });
  });
});

describe("a part that was stored and then deleted from the storage", () => {
  const name = `audio.${ALICE.id}-2.ogg`;

  it("is named with its size in a warning, and the rest is finished", async () => {
    const whole = await recover(() => undefined);
    const bytes = left.storage.get(name)?.length;
    const { exitCode, faults, manifest } = await recover((disk) => disk.storage.delete(name));
    expect({ exitCode, faults }).toEqual({ exitCode: 0, faults: [] });
    expect(manifest?.tracks).toHaveLength((whole.manifest?.tracks.length ?? 0) - 1);
    expect(manifest?.warnings).toContainEqual({
      code: "file_lost",
      text: `${name} (${bytes} bytes) was stored, but was deleted from the storage; the recording is finished without it`,
    });
    expect(manifest?.datagrams.dropped.disk_refused).toBe(150);
  });

  it("is stored again if the spool still has it", async () => {
    const whole = await recover(() => undefined);
    const { exitCode, faults, manifest } = await recover((disk) => {
      disk.spool.set(name, disk.storage.get(name) ?? Buffer.alloc(0));
      disk.storage.delete(name);
    });
    expect({ exitCode, faults }).toEqual({ exitCode: 0, faults: [] });
    expect(manifest?.tracks).toEqual(whole.manifest?.tracks);
  });

  it("is not called lost if the storage does not say whether it has it, which is asked once", async () => {
    const whole = await recover(() => undefined);
    const { exitCode, manifest, questions } = await recover(
      (disk) => disk.storage.delete(name),
      new Error("Forbidden"),
    );
    expect({ exitCode, questions }).toEqual({ exitCode: 0, questions: 1 });
    expect(manifest?.tracks).toEqual(whole.manifest?.tracks);
    expect(manifest?.warnings.map(({ code }) => code)).not.toContain("file_lost");
  });
});

it("a log with zeros in any of its lines is stored without that line", async () => {
  const count = (left.spool.get("events.jsonl")?.toString("utf8") ?? "").trimEnd().split("\n").length;
  for (let at = 0; at < count; at += 7) {
    const { exitCode, faults } = await recover((disk) => {
      rewrite(disk, "events.jsonl", (lines) => lines.map((line, index) => (index === at ? zeros(line) : line)));
    });
    expect({ at, exitCode, faults }).toEqual({ at, exitCode: 0, faults: [] });
  }
});

it("a finished part with zeros in it is cut before them, and the loss is counted", async () => {
  const name = `audio.${ALICE.id}-2.ogg`;
  const { exitCode, faults, manifest } = await recover((disk) => {
    rewrite(disk, "journal.jsonl", (lines) => lines.filter((line) => !line.includes('"type":"stored"')));
    const bytes = Buffer.from(disk.storage.get(name) ?? "");
    disk.storage.delete(name);
    disk.spool.set(name, bytes.fill(0, bytes.length / 2));
  });
  expect({ exitCode, faults }).toEqual({ exitCode: 0, faults: [] });
  const cut = manifest?.tracks.find(({ part }) => part === 2);
  expect(cut?.packets.received).toBeGreaterThan(20);
  expect(cut?.packets.received).toBeLessThan(150);
});

it("an unfinished part of only zeros is reported as lost, and the other parts are intact", async () => {
  let lost = "";
  const { exitCode, faults, manifest } = await recover((disk) => {
    const open = [...disk.spool.keys()].filter((name) => name.startsWith("audio."));
    lost = open.at(-1) ?? "";
    disk.spool.set(lost, Buffer.alloc(disk.spool.get(lost)?.length ?? 0));
  });
  expect({ exitCode, faults }).toEqual({ exitCode: 0, faults: [] });
  expect(manifest?.warnings).toContainEqual({ code: "file_lost", text: expect.stringContaining(`${lost} is lost`) });
  expect(manifest?.tracks.length).toBeGreaterThan(5);
});

it("a job whose local disk hangs while it is recovered ends with exit code 5", async () => {
  const spool = new MemorySpool();
  for (const [name, bytes] of left.spool) spool.files.set(name, bytes);
  const clock = new VirtualClock();
  const ports = { spool, storage: new MemoryStorage(spool), eventSink: new FakeEventSink(), clock, log: silentLog };
  const recovery = await Recovery.open(ports, await Recovery.readJournal(spool));
  const hangs = () => new Promise<never>(() => undefined);
  Object.assign(spool, { read: hangs, find: hangs, freeBytes: hangs });
  const result = recovery.run();
  await clock.advance(310_000);
  expect(await result).toMatchObject({ exitCode: 5, state: { status: "failed", failureCode: "internal_error" } });
  expect([...spool.files.keys()]).toEqual([...left.spool.keys()]);
});
