import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { CallEvent, CallFixture, CallUser } from "../../src/fixture/call-script.ts";
import { chatEvent, type DiscordChatEvent } from "../../src/session/chat.ts";
import { person, toneCall } from "./tone-call.ts";
import type { Recorded } from "./worker.ts";

export const ALICE: CallUser = { ...person(1, "alice"), nick: "Ali" };

/** A message's id; greater numbers are newer. */
export const messageId = (index: number): string => String(300_000_000_000_000_000n + BigInt(index));

/** A call in which somebody speaks for a moment, and others write until `endMs`. */
export function chatCall(endMs: number, events: readonly CallEvent[]): CallFixture {
  return toneCall([{ user: ALICE, leavesAtMs: endMs, speaksFromMs: 0, packetCount: 20 }], { events });
}

/** A message from Alice. */
export function says(atMs: number, index: number, more: Partial<CallEvent & { type: "message" }> = {}): CallEvent {
  const message = { author: ALICE, content: `message ${index}`, attachments: [], ...more };
  return { atMs, type: "message", id: messageId(index), ...message };
}

/** The job's `chat.jsonl`, each line checked. */
export async function chatOf({ directory }: Pick<Recorded, "directory">): Promise<DiscordChatEvent[]> {
  const text = await readFile(join(directory, "chat.jsonl"), "utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => chatEvent.parse(JSON.parse(line)))
    .filter((line) => line.type !== "note");
}

/** A short form of a line: `create 3`, `delete 2`, `react 1 👍`. */
export function inShort(line: DiscordChatEvent): string {
  const [, verb] = line.type.split(".", 2);
  const index = BigInt(line.id) - 300_000_000_000_000_000n;
  return `${verb} ${index}`;
}
