import type { CallEvent, CallFixture } from "../../fixture/call-script.ts";
import type { World } from "./world.ts";

/** Everyone who appears in a call is a member of its guild from the start. */
export function addPeople(world: World, fixture: CallFixture): void {
  for (const event of fixture.events) {
    if (event.type === "join") world.addMember(event.user);
    if (event.type === "message") world.addMember(event.author);
  }
}

/** Plays one event of a call. Messages go to its text channel, or otherwise to its voice channel's own chat. */
export function applyCallEvent(world: World, header: CallFixture["header"], event: CallEvent): void {
  switch (event.type) {
    case "join":
      // Its channel may have been deleted.
      if (world.channels.has(header.channel.id))
        world.enterVoice(world.addMember(event.user), header.channel.id, { flags: event.flags });
      break;
    case "leave":
      world.leaveVoice(event.userId);
      break;
    case "move": {
      const state = world.voiceState(event.userId);
      if (state && world.channels.has(event.channelId)) world.enterVoice(state.member, event.channelId);
      break;
    }
    case "flags":
      world.changeFlags(event.userId, event.flags);
      break;
    case "rename":
      world.renameMember(event.userId, event);
      break;
    case "message":
      world.chat.post({ ...event, channelId: event.threadId ?? (header.textChannel ?? header.channel).id });
      break;
    case "edit":
      world.chat.edit(event.id, { content: event.content, embeds: event.embeds });
      break;
    case "delete":
      world.chat.delete(event.id);
      break;
    case "bulk_delete":
      world.chat.deleteAll(event.ids);
      break;
    case "pin":
    case "unpin":
      world.chat.pin(event.id, event.type === "pin");
      break;
    case "react":
      world.chat.react("reactionAdd", event);
      break;
    case "unreact":
      world.chat.react("reactionRemove", event);
      break;
    case "clear_reactions":
      world.chat.clearReactions(event.id, event.emoji);
      break;
    case "thread":
      world.chat.startThread({ ...event, parentId: (header.textChannel ?? header.channel).id });
      break;
    case "thread_update":
      world.chat.changeThread(event.id, event);
      break;
    case "thread_delete":
      world.chat.deleteThread(event.id);
      break;
    case "press":
    case "fault":
      break; // they concern the bot: see loopback.ts
    case "end":
      break; // people stay until they leave: how the call ends for the recorder is the recorder's affair
  }
}
