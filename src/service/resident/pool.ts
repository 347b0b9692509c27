import type { PoolBot } from "./domain/pool-choice.ts";

/** The bots that can record: the resident's own, and those of MEETBOT_BOT_POOL. */

/** What a server knows about one of its bots. */
export interface BotMembership {
  readonly isMember: boolean;
  /** Names of the permissions that the bot lacks in the channel. */
  readonly missing: readonly string[];
  /** The same for messages in the channel's own chat. */
  readonly missingToPost: readonly string[];
}

export interface PoolOptions {
  /** The resident's own bot first. */
  readonly bots: readonly { readonly botId: string; readonly token: string }[];
  readonly nameOf: (botId: string) => Promise<string>;
  /** Asks Discord, or a cache that is at most some minutes old. */
  readonly membership: (guildId: string, voiceChannelId: string, botId: string) => Promise<BotMembership>;
  readonly voiceChannelOf: (guildId: string, botId: string) => string | null;
}

export class Pool {
  readonly #options: PoolOptions;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** The bots as a server's channel sees them, in the order in which they are taken. */
  async botsFor(guildId: string, voiceChannelId: string): Promise<PoolBot[]> {
    const { bots, nameOf, membership, voiceChannelOf } = this.#options;
    return await Promise.all(
      bots.map(async ({ botId }) => {
        const [name, member] = await Promise.all([nameOf(botId), membership(guildId, voiceChannelId, botId)]);
        return { botId, name, ...member, voiceChannelId: voiceChannelOf(guildId, botId) };
      }),
    );
  }

  tokenOf(botId: string): string {
    const bot = this.#options.bots.find((candidate) => candidate.botId === botId);
    if (bot === undefined) throw new TypeError(`no bot of the pool has the id ${botId}`);
    return bot.token;
  }
}
