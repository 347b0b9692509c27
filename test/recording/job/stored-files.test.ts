import { describe, expect, it } from "vitest";
import { JobJournal } from "../../../src/recording/job/job-journal.ts";
import { noteStored } from "../../../src/recording/job/stored-files.ts";
import type { SpoolWriter } from "../../../src/recording/ports/spool.ts";
import { MemorySpool } from "../../support/memory-spool.ts";
import { silentLog } from "../../support/silent-log.ts";

/** The requests to the disk, in order. */
async function stored(name: string, sync: () => Promise<void> = async () => undefined): Promise<string[]> {
  const asked: string[] = [];
  const spool = new MemorySpool();
  const file = spool.create("journal.jsonl");
  const writer: SpoolWriter = {
    failure: undefined,
    waitingBytes: 0,
    append: (bytes) => asked.push(`append ${JSON.parse(bytes.toString("utf8")).type}`),
    replaceLast: (bytes) => file.replaceLast(bytes),
    synced: async () => {
      asked.push("sync");
      await sync();
    },
    close: () => file.close(),
  };
  spool.remove = async (removed) => void asked.push(`remove ${removed}`);
  await noteStored({ journal: new JobJournal(writer), spool, log: silentLog }, name);
  return asked;
}

describe("a file that was stored", () => {
  it("is removed from the spool only when the journal's line about it is on disk", async () => {
    expect(await stored("audio.1.ogg")).toEqual(["append stored", "sync", "remove audio.1.ogg"]);
  });

  it("stays in the spool if that line cannot be written", async () => {
    const refuse = async (): Promise<void> => {
      throw new Error("EIO");
    };
    expect(await stored("audio.1.ogg", refuse)).toEqual(["append stored", "sync"]);
  });

  it("stays in the spool if the manifest may have to be rebuilt from it", async () => {
    expect(await stored("events.jsonl")).toEqual(["append stored"]);
  });
});
