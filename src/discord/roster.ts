import type { APIGuildMember, APIUser, GatewayVoiceState } from "discord-api-types/v10";
import type { Person, RosterChange, VoiceFlags } from "../recording/ports.ts";

/** A voice state as the guild's first state and the updates after it have it. */
export type RosterState = Omit<GatewayVoiceState, "guild_id">;

/**
 * Who is in the voice channel, from the guild's first state and the voice state updates after it. The recorder's own
 * account is left out.
 */
export class VoiceRoster {
  readonly #selfId: string;
  readonly #present = new Map<string, { person: Person; flags: VoiceFlags }>();
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

  /** Everybody who is here, as if they had just come. */
  present(): RosterChange[] {
    return [...this.#present.values()].map(({ person, flags }) => ({ kind: "join", person, flags }));
  }

  /** What a voice state update means for the channel. */
  update(state: RosterState): RosterChange[] {
    const { user_id: userId } = state;
    if (userId === this.#selfId) return [];
    const known = this.#present.get(userId);
    if (state.channel_id !== this.#channelId) {
      if (known === undefined) return [];
      this.#present.delete(userId);
      return [{ kind: "leave", userId }];
    }
    const person = state.member === undefined ? (known?.person ?? unknownPerson(userId)) : personOf(state.member);
    const flags = flagsOf(state);
    this.#present.set(userId, { person, flags });
    if (known === undefined) return [{ kind: "join", person, flags }];
    return isSame(known, { person, flags }) ? [] : [{ kind: "update", person, flags }];
  }

  /** We are in another channel now: those who are not there have left, as far as the recording goes. */
  moveTo(channelId: string, states: readonly RosterState[]): RosterChange[] {
    this.#channelId = channelId;
    const there = new Set(states.filter((state) => state.channel_id === channelId).map((state) => state.user_id));
    const gone = [...this.#present.keys()].filter((userId) => !there.has(userId));
    const left = gone.map((userId): RosterChange => ({ kind: "leave", userId }));
    for (const userId of gone) this.#present.delete(userId);
    return [...left, ...states.flatMap((state) => this.update(state))];
  }
}

/** Names as Discord's clients show them: nickname, else global name, else username. */
export function personOf(member: Pick<APIGuildMember, "nick"> & { user: APIUser }): Person {
  return { ...personOfUser(member.user), displayName: member.nick ?? displayNameOf(member.user) };
}

export function personOfUser(user: APIUser): Person {
  return { id: user.id, username: user.username, displayName: displayNameOf(user), bot: user.bot ?? false };
}

function displayNameOf(user: APIUser): string {
  return user.global_name ?? user.username;
}

function unknownPerson(userId: string): Person {
  return { id: userId, username: userId, displayName: userId, bot: false };
}

function flagsOf(state: RosterState): VoiceFlags {
  return {
    selfMute: state.self_mute,
    selfDeaf: state.self_deaf,
    serverMute: state.mute,
    serverDeaf: state.deaf,
    streaming: state.self_stream ?? false,
    video: state.self_video,
    suppressed: state.suppress,
  };
}

function isSame(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
