import type { APIGuildMember, APIUser, GatewayVoiceState } from "discord-api-types/v10";
import type { RosterChange } from "../../recording/ports/voice.ts";
import type { Person, VoiceFlags } from "../../session/shapes.ts";
import { boundedName } from "../../text/safe-text.ts";

interface Participant {
  readonly person: Person;
  readonly flags: VoiceFlags;
}

/** A voice state, as in the guild's first state and in later updates. */
export type RosterState = Omit<GatewayVoiceState, "guild_id">;

/**
 * Who is in the voice channel, from the guild's first state and later voice state updates. The bot's own account is
 * left out.
 */
export class VoiceRoster {
  readonly #selfId: string;
  readonly #present = new Map<string, Participant>();
  #channelId: string;

  constructor(selfId: string, channelId: string) {
    this.#selfId = selfId;
    this.#channelId = channelId;
  }

  /** The channel that is recorded. */
  get channelId(): string {
    return this.#channelId;
  }

  userIds(): Iterable<string> {
    return this.#present.keys();
  }

  /** The person with this id, if present. */
  personOf(userId: string): Person | undefined {
    return this.#present.get(userId)?.person;
  }

  /** Everyone who is present when the recording begins. */
  present(): RosterChange[] {
    return [...this.#present.values()].map((participant) => ({ kind: "join", ...participant, presentAtStart: true }));
  }

  /**
   * Interprets a voice state update for the channel.
   *
   * @param previousChannelId their previous channel, if known
   */
  update(state: RosterState, previousChannelId?: string | null): RosterChange[] {
    const { user_id: userId, channel_id: channelId } = state;
    if (userId === this.#selfId) return [];
    const known = this.#present.get(userId);
    if (channelId !== this.#channelId) {
      if (known === undefined) return [];
      this.#present.delete(userId);
      return [{ kind: "leave", userId, ...(channelId === null ? {} : { movedToChannelId: channelId }) }];
    }
    const { member } = state;
    const isTheirs = member !== undefined && member.user.id === userId;
    const person = isTheirs ? personOf(member) : (known?.person ?? unknownPerson(userId));
    const participant = { person, flags: flagsOf(state) };
    if (known !== undefined) return this.#change(known, participant);
    this.#present.set(userId, participant);
    const moved = typeof previousChannelId === "string" && previousChannelId !== channelId;
    return [{ kind: "join", ...participant, ...(moved ? { movedFromChannelId: previousChannelId } : {}) }];
  }

  /** A person's names from a source other than their voice state. */
  rename(member: Member): RosterChange[] {
    const known = this.#present.get(member.user.id);
    return known === undefined ? [] : this.#change(known, { person: personOf(member), flags: known.flags });
  }

  #change(known: Participant, participant: Participant): RosterChange[] {
    if (isSame(known, participant)) return [];
    this.#present.set(participant.person.id, participant);
    return [{ kind: "update", ...participant }];
  }

  /** Call when the bot is in another channel: for the recording, people who are not there have left. */
  moveTo(channelId: string, states: readonly RosterState[]): RosterChange[] {
    this.#channelId = channelId;
    const there = new Set(states.filter((state) => state.channel_id === channelId).map((state) => state.user_id));
    const gone = [...this.#present.keys()].filter((userId) => !there.has(userId));
    const left = gone.map((userId): RosterChange => ({ kind: "leave", userId }));
    for (const userId of gone) this.#present.delete(userId);
    return [...left, ...states.flatMap((state) => this.update(state))];
  }
}

/** Discord's data about a person in this server. */
export interface Member {
  readonly nick?: APIGuildMember["nick"];
  readonly user: APIUser;
}

/** The name as Discord's clients show it: nickname, else global name, else username. */
export function personOf({ nick, user }: Member): Person {
  return { ...personOfUser(user), displayName: boundedName(nick ?? displayNameOf(user)) };
}

export function personOfUser(user: APIUser): Person {
  return {
    id: user.id,
    username: boundedName(user.username),
    displayName: boundedName(displayNameOf(user)),
    bot: user.bot ?? false,
  };
}

function displayNameOf(user: APIUser): string {
  return user.global_name ?? user.username;
}

function unknownPerson(userId: string): Person {
  return { id: userId, username: userId, displayName: userId, bot: false };
}

function flagsOf(state: RosterState): VoiceFlags {
  return {
    selfMute: state.self_mute === true,
    selfDeaf: state.self_deaf === true,
    serverMute: state.mute === true,
    serverDeaf: state.deaf === true,
    streaming: state.self_stream === true,
    video: state.self_video === true,
    suppressed: state.suppress === true,
  };
}

function isSame(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
