import { appendFile, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { verify } from "../../src/cli/commands/verify.ts";
import type { CallEvent } from "../../src/fixture/call-script.ts";
import { chatCall, chatOf, messageId, says } from "../support/chat-call.ts";
import { recordFixture } from "../support/worker.ts";

const file = (index: number, filename: string, size: number) => ({
  id: `40000000000000000${index}`,
  filename,
  contentType: "text/html",
  size,
});
const NOTES = file(1, "../../notes \u202E.html", 5_000);
const LARGE = file(2, "large.bin", 3_000_000);
const MISSING = file(3, "gone.txt", 10);
const ELSEWHERE = { ...file(4, "inside.txt", 10), url: "http://127.0.0.1:9/inside.txt" };

const EVENTS: readonly CallEvent[] = [
  says(100, 1, { attachments: [NOTES] }),
  { atMs: 300, type: "edit", id: messageId(1), content: "the same file again" },
  says(400, 2, { attachments: [LARGE, ELSEWHERE] }),
  { atMs: 450, type: "fault", fault: { kind: "fail_rest", status: 404, path: "gone.txt" } },
  says(500, 3, { attachments: [MISSING] }),
];

describe.concurrent("files attached to messages", () => {
  it("are stored once each with the job's files if the setting asks for it; missing ones are reported", async () => {
    const recorded = await recordFixture(chatCall(1_500, EVENTS), {
      environment: { MEETBOT_CHAT_ATTACHMENTS: "download", MEETBOT_CHAT_ATTACHMENTS_MAX_FILE_MB: "2" },
    });
    const { manifest, directory, exitCode } = recorded;
    expect(exitCode).toBe(0);
    const stored = `${NOTES.id}-notes_.html`;
    expect(await readdir(join(directory, "attachments"))).toEqual([stored]);
    expect(await readFile(join(directory, "attachments", stored))).toEqual(Buffer.alloc(5_000, NOTES.id));
    expect(manifest.attachments).toMatchObject([
      {
        attachmentId: NOTES.id,
        messageId: messageId(1),
        filename: NOTES.filename,
        contentType: "text/html",
        bytes: 5_000,
        uri: expect.stringMatching(new RegExp(`/attachments/${stored}$`)),
      },
    ]);
    expect(manifest.warnings.map(({ code, text }) => [code, text.split(": ").at(-1)])).toEqual(
      expect.arrayContaining([
        ["attachment_not_stored", "it has 3000000 bytes, and one file may have at most 2000000"],
        ["attachment_not_stored", "its address is not Discord's"],
        ["attachment_not_stored", "Discord answered with status 404"],
      ]),
    );
    expect(manifest.warnings).toHaveLength(3);
    expect(await verify(directory)).toBe(0);
    expect(await readdir(join(directory, "..", "..", "spool"))).toEqual([]);
    await appendFile(join(directory, "attachments", stored), "x");
    expect(await verify(directory)).toBe(1);
  });

  it("are otherwise only listed in the chat", async () => {
    const recorded = await recordFixture(chatCall(1_500, EVENTS));
    expect(await readdir(recorded.directory)).not.toContain("attachments");
    expect(recorded.manifest).toMatchObject({ warnings: [] });
    expect(recorded.manifest).not.toHaveProperty("attachments");
    const [first] = await chatOf(recorded);
    expect(first).toMatchObject({ attachments: [{ id: NOTES.id, filename: NOTES.filename, bytes: 5_000 }] });
    expect(recorded.log.some((event) => event.kind === "rest" && event.path.startsWith("/attachments/"))).toBe(false);
  });
});
