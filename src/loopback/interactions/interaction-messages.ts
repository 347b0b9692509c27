import type { World } from "../world/world.ts";
import { createMessage, editedMessage, type Message, type MessageEdit, type NewMessage } from "../world/world-chat.ts";
import { MESSAGE_FLAG } from "./message-body.ts";

interface Hidden {
  readonly viewerId: string;
  readonly message: Message;
}

/** The messages that answer interactions: in the channel, or ephemeral, which only one person sees. */
export class InteractionMessages {
  readonly #world: World;
  readonly #hidden = new Map<string, Hidden>();

  constructor(world: World) {
    this.#world = world;
  }

  /** @param viewerId who sees it if its flags say that it is ephemeral */
  post(message: NewMessage, viewerId: string): Message {
    const isHidden = ((message.flags ?? 0) & MESSAGE_FLAG.ephemeral) !== 0;
    if (!isHidden) return this.#world.chat.post(message);
    const posted = createMessage(message, this.#world.chat.newMessageId());
    this.#hidden.set(posted.id, { viewerId, message: posted });
    return posted;
  }

  find(id: string): Message | undefined {
    return this.#hidden.get(id)?.message ?? this.#world.chat.message(id);
  }

  edit(id: string, change: MessageEdit): void {
    const hidden = this.#hidden.get(id);
    if (hidden === undefined) this.#world.chat.edit(id, change);
    else this.#hidden.set(id, { ...hidden, message: editedMessage(hidden.message, change) });
  }

  delete(id: string): void {
    if (!this.#hidden.delete(id)) this.#world.chat.delete(id);
  }

  /** The ephemeral messages that this person sees, oldest first. */
  seenOnlyBy(userId: string): readonly Message[] {
    return [...this.#hidden.values()].filter(({ viewerId }) => viewerId === userId).map(({ message }) => message);
  }
}
