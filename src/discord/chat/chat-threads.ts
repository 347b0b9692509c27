import type { APIThreadChannel } from "discord-api-types/v10";
import { type ThreadLine, threadLine } from "./chat-events.ts";

/** Five times the number of active threads that a server can have. */
const MAX_THREADS = 5_000;

export interface ActiveThread {
  readonly id: string;
  /** The newest message that Discord has announced; 0 if there is none. */
  readonly lastMessageId: bigint;
}

interface Thread {
  readonly line: ThreadLine;
  readonly lastMessageId: bigint;
}

/** The channel's threads that were active at any time since the start. */
export class ChatThreads {
  readonly #parentId: string;
  readonly #threads = new Map<string, Thread>();

  constructor(parentId: string) {
    this.#parentId = parentId;
  }

  has(threadId: string): boolean {
    return this.#threads.has(threadId);
  }

  /** The threads that accept messages. */
  active(): ActiveThread[] {
    return [...this.#threads.values()].flatMap(({ line, lastMessageId }) =>
      line.archived ? [] : [{ id: line.id, lastMessageId }],
    );
  }

  /**
   * @param isNew whether an unknown thread was just created
   * @returns undefined for a thread of another channel, or if nothing has changed
   */
  update(thread: APIThreadChannel, isNew: boolean): ThreadLine | undefined {
    if (thread.parent_id !== this.#parentId) return undefined;
    const known = this.#threads.get(thread.id);
    const line = threadLine(known === undefined && isNew ? "thread.create" : "thread.update", thread);
    this.#threads.set(thread.id, { line, lastMessageId: BigInt(thread.last_message_id ?? 0) });
    const [oldest] = this.#threads.keys();
    if (oldest !== undefined && this.#threads.size > MAX_THREADS) this.#threads.delete(oldest);
    return known !== undefined && looks(known.line) === looks(line) ? undefined : line;
  }

  /** Call when a thread is no longer active. */
  archive(threadId: string): ThreadLine | undefined {
    const thread = this.#threads.get(threadId);
    if (thread === undefined) return undefined;
    const line: ThreadLine = { ...thread.line, type: "thread.update", archived: true };
    this.#threads.set(threadId, { ...thread, line });
    return line;
  }

  /** @returns whether it belonged to the channel */
  delete(threadId: string): boolean {
    return this.#threads.delete(threadId);
  }
}

function looks({ name, archived, locked }: ThreadLine): string {
  return JSON.stringify([name, archived, locked]);
}
