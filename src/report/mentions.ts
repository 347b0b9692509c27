import type { ChatEvent } from "../session/chat.ts";
import type { Manifest } from "../session/manifest.ts";

/**
 * Names of mentioned people, threads and channels that the recording knows: people who were in the call or wrote,
 * threads, and the call's own channel. Discord's "Message Formatting".
 */
export function mentionsOf(
  events: readonly ChatEvent[],
  { participants, channel }: Pick<Manifest, "participants" | "channel">,
): Record<string, string> {
  const known = new Map([[`#${channel.id}`, channel.name]]);
  const mentioned = new Set<string>();
  for (const event of events) {
    if (event.type === "thread.create" || event.type === "thread.update") known.set(`#${event.id}`, event.name);
    if (event.type !== "message.create" && event.type !== "message.update") continue;
    known.set(event.author.id, event.author.displayName);
    for (const text of [event.content, ...(event.forwarded ?? []).map(({ content }) => content)]) {
      for (const [, sign, id] of text.matchAll(/<(@!?|#)(\d+)>/g)) mentioned.add(sign === "#" ? `#${id}` : `${id}`);
    }
  }
  for (const { id, displayName } of participants) known.set(id, displayName);
  return Object.fromEntries([...known].filter(([key]) => mentioned.has(key)));
}
