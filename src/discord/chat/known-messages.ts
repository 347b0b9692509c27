import type { ChatEventBody } from "../../recording/ports/chat.ts";
import type { MessageBody } from "./chat-events.ts";

/** The most ids of known messages: 100 s at 200 a second, longer than any gap that is read again. */
const MAX_KNOWN = 20_000;
const MAX_DELETED = 10_000;
/** Five times the number of active threads that a server can have. */
const MAX_CHANNELS = 5_000;
/** The most messages that are compared after a gap: ten requests with 100 messages each. */
const MAX_WINDOW = 1_000;
/** The most users kept for one emoji on one message, as many as Discord returns in one answer. */
export const MAX_REACTORS = 100;

interface WindowMessage {
  body: MessageBody;
  /** By emoji; a set larger than MAX_REACTORS is no longer updated. */
  readonly reactors: Map<string, Set<string>>;
}

/**
 * Remembers the recorded channels' messages, so nothing is emitted twice. A new gateway session may dispatch messages
 * that were read over REST, and a read may return dispatched ones. Its size is limited, whatever people write.
 */
export class KnownMessages {
  /** By channel, the newest id that does not count as new: messages from before the recording, and forgotten ones. */
  readonly #floors = new Map<string, bigint>();
  readonly #startFloor: bigint;
  /** By message id, oldest first. */
  readonly #channels = new Map<string, string>();
  readonly #newest = new Map<string, bigint>();
  readonly #deleted = new Set<string>();
  readonly #window = new Map<string, WindowMessage>();

  /** @param newestBeforeStart the newest message before the recording, over all channels; 0 if there is none */
  constructor(newestBeforeStart: bigint) {
    this.#startFloor = newestBeforeStart;
  }

  /** The message's latest state, if it is one of the newest ones. */
  known(messageId: string): MessageBody | undefined {
    return this.#window.get(messageId)?.body;
  }

  /** Ids of a channel's messages whose state is known, oldest first. */
  knownIds(channelId: string): bigint[] {
    const ids = [...this.#window.values()].flatMap(({ body }) =>
      body.channelId === channelId ? [BigInt(body.id)] : [],
    );
    return ids.sort((left, right) => (left < right ? -1 : 1));
  }

  /** Channels with messages whose state is known. */
  knownChannels(): Set<string> {
    return new Set([...this.#window.values()].map(({ body }) => body.channelId));
  }

  /** The newest known message of a channel. */
  newestIn(channelId: string): bigint {
    return this.#newest.get(channelId) ?? this.#startFloor;
  }

  /** Who has reacted, by emoji; undefined for an unknown message. */
  reactors(messageId: string): ReadonlyMap<string, ReadonlySet<string>> | undefined {
    return this.#window.get(messageId)?.reactors;
  }

  /** @returns whether this is new; it is known from then on */
  take(event: ChatEventBody): boolean {
    switch (event.type) {
      case "message.create":
        return this.#takeCreate(event.channelId, event.id, event);
      case "message.update":
        return this.#takeUpdate(event);
      case "message.delete":
        return this.#takeDelete(event.id);
      case "reaction.add":
      case "reaction.remove":
        return this.#takeReaction(event);
      case "reaction.remove_all":
        this.#window.get(event.id)?.reactors.clear();
        return true;
      case "reaction.remove_emoji":
        this.#window.get(event.id)?.reactors.delete(event.emoji);
        return true;
      case "thread.create":
      case "thread.update":
      case "thread.delete":
        return true;
    }
  }

  #takeCreate(channelId: string, messageId: string, body: MessageBody): boolean {
    const id = BigInt(messageId);
    if (this.#channels.has(messageId) || id <= (this.#floors.get(channelId) ?? this.#startFloor)) return false;
    this.#channels.set(messageId, channelId);
    if (id > this.newestIn(channelId)) renew(this.#newest, channelId, id);
    if (this.#channels.size > MAX_KNOWN) this.#forgetOldest();
    this.#window.set(messageId, { body, reactors: new Map() });
    trim(this.#window, MAX_WINDOW);
    return true;
  }

  #forgetOldest(): void {
    for (const [messageId, channelId] of this.#channels) {
      this.#channels.delete(messageId);
      const floor = this.#floors.get(channelId) ?? this.#startFloor;
      if (BigInt(messageId) > floor) renew(this.#floors, channelId, BigInt(messageId));
      return;
    }
  }

  #takeUpdate(event: ChatEventBody & { type: "message.update" }): boolean {
    // Discord's list of messages is newer than dispatches that waited during the read.
    if (this.#deleted.has(event.id)) return false;
    const known = this.#window.get(event.id);
    if (known === undefined) return true;
    if (comparisonKey(known.body) === comparisonKey(event)) return false;
    known.body = event;
    return true;
  }

  #takeDelete(id: string): boolean {
    if (this.#deleted.has(id)) return false;
    this.#deleted.add(id);
    trim(this.#deleted, MAX_DELETED);
    this.#window.delete(id);
    return true;
  }

  /** Super reactions always count as new, because REST lists only ordinary ones. */
  #takeReaction({
    type,
    id,
    emoji,
    userId,
    burst,
  }: ChatEventBody & { type: "reaction.add" | "reaction.remove" }): boolean {
    const known = this.#window.get(id);
    if (known === undefined || burst === true) return true;
    const users = known.reactors.get(emoji) ?? new Set();
    known.reactors.set(emoji, users);
    if (users.size > MAX_REACTORS) return true;
    if (users.has(userId) === (type === "reaction.add")) return false;
    if (type === "reaction.add") users.add(userId);
    else users.delete(userId);
    return true;
  }
}

function renew(ids: Map<string, bigint>, channelId: string, id: bigint): void {
  ids.delete(channelId);
  ids.set(channelId, id);
  trim(ids, MAX_CHANNELS);
}

/** Forgets the oldest entries. */
function trim(entries: Map<string, unknown> | Set<string>, size: number): void {
  for (const key of entries.keys()) {
    if (entries.size <= size) return;
    entries.delete(key);
  }
}

/** The signature in the address of a file on Discord's CDN, which differs in each answer. */
const CDN_SIGNATURE = /\?ex=[^"]*/g;

/** Everything in a message that an update can change, except the author's name, which REST omits. */
function comparisonKey({
  content,
  attachments,
  embeds,
  stickers,
  pinned,
  editedAt,
  forwarded,
  poll,
}: MessageBody): string {
  const all = JSON.stringify([content, attachments, embeds, stickers, pinned, editedAt, forwarded, poll]);
  return all.replaceAll(CDN_SIGNATURE, "");
}
