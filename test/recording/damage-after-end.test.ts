import { beforeAll, expect, it } from "vitest";
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

/** A call that is over, of which the storage has taken nothing. */
let left: Map<string, Buffer>;

beforeAll(async () => {
  const call = memoryCall();
  call.storage.failing = () => true;
  const result = call.recorder.run();
  await settle();
  call.voice.listener?.roster({ kind: "join", person: ALICE, flags: FLAGS });
  for (let packet = 0; packet < 700; packet += 1) {
    if (packet % 350 < 150) call.speak(ALICE.id);
    await call.clock.advance(20);
  }
  call.recorder.end({ exitReason: "shutdown", detail: "test" });
  await call.clock.advance(600_000);
  expect((await result).exitCode).toBe(5);
  left = new Map(call.spool.files);
});

const linesOf = (name: string): string[] => (left.get(name)?.toString("utf8") ?? "").trimEnd().split("\n");

it("A finished call is recovered whichever line of its journal a loss of power has taken.", async () => {
  const lines = linesOf("journal.jsonl");
  expect(lines.some((line) => line.includes('"type":"end"'))).toBe(true);
  expect(lines.some((line) => line.includes('"name":"events.jsonl"'))).toBe(true);
  // Without the first, nobody knows whose job it is: it is written again each minute.
  for (const gone of lines.keys()) {
    if (gone === 0) continue;
    const spool = new MemorySpool();
    for (const [name, bytes] of left) spool.files.set(name, bytes);
    const rest = lines.filter((_, index) => index !== gone);
    spool.files.set("journal.jsonl", Buffer.from(`${rest.join("\n")}\n`));
    const storage = new MemoryStorage(spool);
    const ports = { spool, storage, eventSink: new FakeEventSink(), clock: new VirtualClock(), log: silentLog };
    const recovery = await Recovery.open(ports, await Recovery.readJournal(spool));
    const { exitCode, manifest } = await recovery.run();
    const { faults } = await verifyRecording({ read: async (name) => storage.files.get(name) });
    const type = lines[gone]?.slice(0, 60);
    expect({ type, exitCode, faults }).toEqual({ type, exitCode: 0, faults: [] });
    expect({ type, tracks: manifest?.tracks.length }).toEqual({ type, tracks: 2 });
    expect([...spool.files.keys()]).toEqual([]);
  }
});
