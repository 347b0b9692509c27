import type { CallEvent } from "../fixture/call-script.ts";
import type { ChatEventBody } from "../recording/ports/chat.ts";

type ChatEvent = Extract<CallEvent, { id: string }> | Extract<CallEvent, { type: "bulk_delete" }>;
/** An event of a call's script, without its time. */
export type UntimedEvent = ChatEvent extends infer Event
  ? Event extends ChatEvent
    ? Omit<Event, "atMs">
    : never
  : never;
type Body<Type extends ChatEventBody["type"]> = ChatEventBody & { readonly type: Type };

/** Discord's numbers for ordinary messages and replies; a script gives the number only for other kinds. */
const USUAL_TYPES: ReadonlySet<number> = new Set([0, 19]);

/** Lines of `chat.jsonl` as events of a call's script. */
export class ChatScript {
  readonly #channelId: string | undefined;
  readonly #pinned = new Set<string>();
  readonly #threads = new Set<string>();

  /** @param channelId the captured text channel; anything elsewhere is in a thread */
  constructor(channelId: string | undefined) {
    this.#channelId = channelId;
  }

  event(event: ChatEventBody): UntimedEvent {
    const { id } = event;
    switch (event.type) {
      case "message.create":
        return this.#message(event);
      case "message.update":
        return this.#update(event);
      case "message.delete":
        return { type: "delete", id };
      case "reaction.add":
        return { type: "react", id, ...reactionOf(event) };
      case "reaction.remove":
        return { type: "unreact", id, ...reactionOf(event) };
      case "reaction.remove_all":
        return { type: "clear_reactions", id };
      case "reaction.remove_emoji":
        return { type: "clear_reactions", id, emoji: event.emoji };
      case "thread.create":
      case "thread.update":
        return this.#thread(event);
      case "thread.delete":
        return { type: "thread_delete", id };
    }
  }

  #message(event: Body<"message.create">): UntimedEvent {
    const { id, content, referenceId, embeds, stickers, messageType, channelId } = event;
    const { id: authorId, username, displayName, bot } = event.author;
    return {
      type: "message",
      id,
      author: { id: authorId, username, displayName, bot },
      content,
      ...(referenceId === null ? {} : { replyToId: referenceId }),
      attachments: event.attachments.map(({ contentType, bytes, ...attachment }) => ({
        ...attachment,
        ...(contentType === null ? {} : { contentType }),
        // A script needs a size; 0 means unknown.
        size: bytes ?? 0,
      })),
      ...(embeds.length > 0 ? { embeds } : {}),
      ...(stickers.length > 0 ? { stickers } : {}),
      ...(USUAL_TYPES.has(messageType) ? {} : { messageType }),
      ...(channelId === this.#channelId ? {} : { threadId: channelId }),
    };
  }

  /** A change of only the pin is not an edit, but Discord sends it in the same way. */
  #update({ id, content, embeds, pinned }: Body<"message.update">): UntimedEvent {
    if (pinned === this.#pinned.has(id)) return { type: "edit", id, content, embeds };
    if (pinned) this.#pinned.add(id);
    else this.#pinned.delete(id);
    return { type: pinned ? "pin" : "unpin", id };
  }

  #thread({ id, name, ownerId, archived, locked }: Body<"thread.create" | "thread.update">): UntimedEvent {
    if (this.#threads.has(id)) return { type: "thread_update", id, name, archived, locked };
    this.#threads.add(id);
    return { type: "thread", id, name, ...(ownerId === null ? {} : { ownerId }) };
  }
}

function reactionOf({ userId, emoji, burst }: ChatEventBody & { type: "reaction.add" | "reaction.remove" }) {
  return { userId, emoji, ...(burst === true ? { burst } : {}) };
}
