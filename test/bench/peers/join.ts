import { once } from "node:events";
import { joinVoiceChannel, type VoiceConnection, VoiceConnectionStatus } from "@discordjs/voice";
import { Client, Events, GatewayIntentBits } from "discord.js";

/** The stock discord.js in the call that the environment names, hearing it. */
export interface Joined {
  readonly connection: VoiceConnection;
  /** Where this peer's files go. */
  readonly outputDirectory: string;
  /** Resolves when standard input ends: the call is over. */
  readonly over: Promise<unknown>;
  leave(): Promise<void>;
}

/**
 * Returns right after the request to join, so that listeners can be put in place before anything arrives. When the voice
 * connection is ready, standard output says so in the words of our worker's log.
 *
 * @throws Error if a variable or the guild is missing
 */
export async function joinCall(): Promise<Joined> {
  const [guildId = "", channelId = ""] = variable("MEETBOT_MEETING_URL").replace("discord://", "").split("/");
  const client = new Client({
    rest: { api: variable("MEETBOT_DISCORD_API") },
    intents: [GatewayIntentBits.Guilds, GatewayIntentBits.GuildVoiceStates],
  });
  await Promise.all([once(client, Events.ClientReady), client.login(variable("DISCORD_BOT_TOKEN"))]);
  const guild = client.guilds.cache.get(guildId);
  if (guild === undefined) throw new Error(`the bot is not in guild ${guildId}`);
  const connection = joinVoiceChannel({
    guildId,
    channelId,
    selfDeaf: false,
    adapterCreator: guild.voiceAdapterCreator,
  });
  connection.once(VoiceConnectionStatus.Ready, () => process.stdout.write("state: recording\n"));
  const over = once(process.stdin.resume(), "end");
  return {
    connection,
    outputDirectory: variable("BENCH_OUTPUT"),
    over,
    leave: async () => {
      connection.destroy();
      await client.destroy();
    },
  };
}

function variable(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}
