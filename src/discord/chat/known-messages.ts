import type { ChatEventBody } from "../../recording/ports/chat.ts";
import type { MessageBody } from "./chat-events.ts";

/** Ids of known messages: 100 s at 200 a second, longer than a gap that is worth reading again. */
const MAX_KNOWN = 20_000;
const MAX_DELETED = 10_000;
/** Five times what a server can have of active threads. */
const MAX_CHANNELS = 5_000;
/** Messages whose state is compared after a gap: ten requests at 100 messages each. */
const MAX_WINDOW = 1_000;
/** Users of one emoji on one message that are kept: what Discord gives in one answer. */
export const MAX_REACTORS = 100;

interface WindowMessage {
  body: MessageBody;
  /** By emoji; a set that has outgrown MAX_REACTORS is no longer kept up. */
  readonly reactors: Map<string, Set<string>>;
}

/**
 * What is known of the recorded channels, so that nothing is emitted twice. A new gateway session may dispatch what was
 * read over REST, and a reading may find what was dispatched. The size is bounded, whatever people write.
 */
export class KnownMessages {
  /** Nothing up to here counts as new: what there was before the recording, and what was forgotten. By channel. */
  readonly #floors = new Map<string, bigint>();
  readonly #startFloor: bigint;
  /** By message id, oldest first. */
  readonly #channels = new Map<string, string>();
  readonly #newest = new Map<string, bigint>();
  readonly #deleted = new Set<string>();
  readonly #window = new Map<string, WindowMessage>();

  /** @param newestBeforeStart the newest message from before the recording, in all channels; 0 if there is none */
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

  /** Who has reacted, by emoji; undefined for a message that is not known. */
  reactors(messageId: string): ReadonlyMap<string, ReadonlySet<string>> | undefined {
    return this.#window.get(messageId)?.reactors;
  }

  /** @returns whether this is news; from then on it is known */
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
    // Discord's list of messages is newer than dispatches that waited for it to be read.
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

  /** Super reactions always count as news, because REST lists only the ordinary ones. */
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

/** A signature in the address of a file on Discord's CDN: each answer has another. */
const CDN_SIGNATURE = /\?ex=[^"]*/g;

/** Everything of a message that an update can change, except the author's name: REST does not give it. */
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
