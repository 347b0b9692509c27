import { describe, expect, it } from "vitest";
import { Attachments, type AttachmentsOptions } from "../../../src/recording/job/attachments.ts";
import { JobJournal } from "../../../src/recording/job/job-journal.ts";
import type { ChatSource } from "../../../src/recording/ports/chat.ts";
import { JOURNAL_FILE } from "../../../src/session/job-files.ts";
import { chatMessage } from "../../support/chat-message.ts";
import { MemorySpool } from "../../support/memory-spool.ts";

const ADA = { id: "200000000000000001", username: "ada", displayName: "Ada", bot: false };

function attachment(id: string, bytes: number | null) {
  return { id, filename: "a.txt", contentType: null, bytes, url: `https://cdn.discordapp.com/${id}` };
}

function setUp(more: Partial<AttachmentsOptions> = {}) {
  const spool = new MemorySpool();
  const fetched: string[] = [];
  const warnings: string[] = [];
  const source: Pick<ChatSource, "fetchAttachment"> = {
    fetchAttachment: async (_url, bytes) => Buffer.alloc(bytes, 1),
  };
  const attachments = new Attachments({
    source,
    spool,
    journal: new JobJournal(spool.create(JOURNAL_FILE)),
    maxFileBytes: 1_000,
    maxTotalBytes: 2_000,
    keepFreeBytes: 100,
    mayKeep: () => true,
    onFetched: ({ name }) => fetched.push(name),
    warn: (code, text) => warnings.push(`${code}: ${text.split(": ").at(-1)}`),
    ...more,
  });
  const add = (messageId: string, ...files: ReturnType<typeof attachment>[]): void =>
    attachments.add(chatMessage({ id: messageId, channelId: "3" }, ADA, { attachments: files }));
  return { attachments, add, spool, fetched, warnings };
}

describe("attachments", () => {
  it("are fetched once each, including forwarded ones", async () => {
    const { attachments, add, fetched } = setUp();
    add("1", attachment("10", 5));
    add("2", attachment("10", 5));
    const forwarded = [{ content: "", embeds: [], stickers: [], attachments: [attachment("11", 5)] }];
    attachments.add(chatMessage({ id: "3", channelId: "3" }, ADA, { forwarded }));
    await attachments.close();
    expect(fetched).toEqual(["attachments/10-a.txt", "attachments/11-a.txt"]);
  });

  it("have a size limit, each and in total, and leave enough disk space", async () => {
    const { attachments, add, fetched, warnings, spool } = setUp();
    add("1", attachment("10", 1_001), attachment("11", 900), attachment("12", 900), attachment("13", 900));
    await attachments.close();
    spool.free = 150;
    add("2", attachment("14", 60));
    await attachments.close();
    expect(fetched).toHaveLength(2);
    expect(warnings).toEqual([
      "attachment_not_stored: it has 1001 bytes, and one file may have at most 1000",
      "attachment_not_stored: all attachments of a job together may have at most 2000 bytes",
      "attachment_not_stored: the spool's disk has no room for it",
    ]);
  });

  it("without a size are not fetched, and do not count towards the limits", async () => {
    const { attachments, add, fetched, warnings } = setUp();
    add("1", attachment("10", null), attachment("11", 1_000), attachment("12", 1_000), attachment("13", 1));
    await attachments.close();
    expect(fetched).toHaveLength(2);
    expect(warnings).toEqual([
      "attachment_not_stored: Discord does not say how large it is",
      "attachment_not_stored: all attachments of a job together may have at most 2000 bytes",
    ]);
  });

  it("with an invalid id are not stored, because the id becomes part of a path", async () => {
    const { attachments, add, spool, warnings } = setUp();
    add("1", attachment("../../1", 5));
    await attachments.close();
    expect([...spool.files.keys()]).toEqual([JOURNAL_FILE]);
    expect(warnings).toEqual(["attachment_not_stored: its id is not Discord's"]);
  });

  it("that hang are abandoned on request", async () => {
    const hanging: Pick<ChatSource, "fetchAttachment"> = {
      fetchAttachment: (_url, _bytes, signal) =>
        new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    };
    const { attachments, add, warnings, fetched } = setUp({ source: hanging });
    for (const id of ["10", "11", "12", "13"]) add(id, attachment(id, 5));
    attachments.abort();
    await attachments.close();
    expect(fetched).toEqual([]);
    expect(warnings).toHaveLength(4);
  });
});
