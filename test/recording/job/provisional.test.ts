import { expect, test } from "vitest";
import type { Log } from "../../../src/log.ts";
import { SessionClock } from "../../../src/recording/call/session-clock.ts";
import { Provisional } from "../../../src/recording/job/provisional.ts";
import type { SpooledFile } from "../../../src/recording/ports/spool.ts";
import { noPackets } from "../../../src/recording/tracks/part.ts";
import { PLACE } from "../../support/fake-voice.ts";
import { JOB } from "../../support/memory-call.ts";
import { memoryJournal } from "../../support/memory-journal.ts";
import { MemoryStorage } from "../../support/memory-storage.ts";
import { silentLog } from "../../support/silent-log.ts";
import { settle, VirtualClock } from "../../support/virtual-clock.ts";

const FILE = "manifest.recording.json";
const PART = {
  type: "part" as const,
  ...{ userId: "200000000000000001", number: 1, startSamples: 0, durationSamples: 960, talkSamples: 960 },
  packets: noPackets(),
  file: { name: "audio.200000000000000001.ogg", bytes: 9, sha256: "ab" },
};

/** A storage that answers when a test lets it, and what was logged. */
function provisional() {
  const { journal, spool } = memoryJournal();
  journal.note({ type: "job", version: 1, ...JOB, storage: {} });
  journal.note({ type: "recording", startedAt: "2026-01-01T00:00:05.000Z", place: PLACE });
  journal.note({ type: "spoke", userId: PART.userId });
  journal.note(PART);
  journal.note({ type: "stored", name: PART.file.name });
  const machine = new VirtualClock();
  const asked: { readonly file: SpooledFile; readonly signal: AbortSignal | undefined }[] = [];
  const logged: unknown[] = [];
  let answer = Promise.withResolvers<void>();
  class SlowStorage extends MemoryStorage {
    override async put(file: SpooledFile, contentType?: string, options?: { signal?: AbortSignal }): Promise<void> {
      expect(contentType).toBe("application/json");
      asked.push({ file, signal: options?.signal });
      await answer.promise;
    }
  }
  const log: Log = { ...silentLog, debug: (fields, text) => logged.push([fields, text]) };
  const manifest = new Provisional({
    journal,
    spool,
    storage: new SlowStorage(spool),
    clock: new SessionClock(machine),
    log,
  });
  let prepared = 0;
  /** Ticks at a session time. */
  const tickAt = async (nowMs: number): Promise<void> => {
    await machine.advance(nowMs + 5_000 - machine.nowMs());
    manifest.tick(() => {
      prepared += 1;
    });
    await settle();
  };
  const reply = async (error?: Error): Promise<void> => {
    if (error === undefined) answer.resolve();
    else answer.reject(error);
    answer = Promise.withResolvers<void>();
    await settle();
  };
  return { manifest, tickAt, reply, asked, logged, spool, prepared: () => prepared };
}

test("Once a minute a provisional manifest is stored, with current counters.", async () => {
  const { tickAt, reply, asked, spool, prepared } = provisional();
  await tickAt(59_999);
  expect(prepared()).toBe(0);
  expect(asked).toEqual([]);
  await tickAt(60_000);
  await reply();
  expect(prepared()).toBe(1);
  expect(asked.map(({ file }) => file.name)).toEqual([FILE]);
  const text = spool.bytesOf(FILE).toString("utf8");
  expect(JSON.parse(text)).toMatchObject({ status: "recording", jobId: "job_1", durationSeconds: 60 });
  expect(JSON.parse(text).tracks).toMatchObject([{ uri: `memory:/job/${PART.file.name}` }]);
  // Indented, and ended by a line end, as the manifest is.
  expect(text).toMatch(/^\{\n {2}"status": "recording",\n[\s\S]*\n\}\n$/);
  await tickAt(119_999);
  expect(asked).toHaveLength(1);
  await tickAt(120_000);
  expect(asked).toHaveLength(2);
});

test("While one is being stored, no other is made.", async () => {
  const { tickAt, reply, asked, prepared } = provisional();
  await tickAt(60_000);
  await tickAt(180_000);
  expect(asked).toHaveLength(1);
  expect(prepared()).toBe(1);
  await reply();
  await tickAt(180_010);
  expect(asked).toHaveLength(2);
});

test("A failure to store one is reported, and the next one is stored.", async () => {
  const { tickAt, reply, asked, logged } = provisional();
  await tickAt(60_000);
  const error = new Error("the storage cannot be reached");
  await reply(error);
  expect(logged).toEqual([[{ err: error }, `${FILE} was not stored: the storage cannot be reached`]]);
  await tickAt(120_000);
  expect(asked).toHaveLength(2);
});

test("At the end a pending one is cancelled, and none is stored after that.", async () => {
  const { manifest, tickAt, reply, asked } = provisional();
  await manifest.close();
  await tickAt(60_000);
  expect(asked).toHaveLength(1);
  expect(asked[0]?.signal?.aborted).toBe(true);
  let closed = false;
  const closing = manifest.close().then(() => {
    closed = true;
  });
  await settle();
  expect(closed).toBe(false);
  await reply();
  await closing;
});
