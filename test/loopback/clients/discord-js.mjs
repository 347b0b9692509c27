/**
 * The unmodified discord.js and @discordjs/voice: joins the call and prints what it hears, one JSON object a line.
 * Ends when its standard input does.
 */
import { entersState, joinVoiceChannel, VoiceConnectionStatus } from "@discordjs/voice";
import { Client, Events, GatewayIntentBits } from "discord.js";

const { DISCORD_BOT_TOKEN, MEETBOT_DISCORD_API, MEETBOT_MEETING_URL } = process.env;
const [guildId, channelId] = MEETBOT_MEETING_URL.replace("discord://", "").split("/");
const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

const client = new Client({
  rest: { api: MEETBOT_DISCORD_API },
  intents: [GatewayIntentBits.Guilds, GatewayIntentBits.GuildVoiceStates, GatewayIntentBits.GuildMessages],
});
client.on(Events.VoiceStateUpdate, (before, after) =>
  print({ type: "voiceState", userId: after.id, from: before.channelId, to: after.channelId }),
);
client.on(Events.MessageCreate, ({ id, content }) => print({ type: "message", id, content }));
await Promise.all([
  new Promise((resolve) => client.once(Events.ClientReady, resolve)),
  client.login(DISCORD_BOT_TOKEN),
]);

const guild = client.guilds.cache.get(guildId);
const connection = joinVoiceChannel({
  guildId,
  channelId,
  selfDeaf: false,
  adapterCreator: guild.voiceAdapterCreator,
  debug: process.env.CLIENT_DEBUG !== undefined,
});
connection.on("error", (error) => print({ type: "error", message: error.message }));
connection.on("debug", (line) => print({ type: "debug", line: line.slice(0, 300) }));
connection.on("transitioned", (transitionId) => print({ type: "transitioned", transitionId }));
const heard = new Set();
connection.receiver.ssrcMap.on("create", ({ userId }) => {
  if (heard.has(userId)) return;
  heard.add(userId);
  const stream = connection.receiver.subscribe(userId);
  stream.on("data", (opus) => print({ type: "opus", userId, opus: opus.toString("hex") }));
  stream.on("error", (error) => print({ type: "error", message: error.message }));
});
await entersState(connection, VoiceConnectionStatus.Ready, 10_000);
const { encryptionMode } = connection.state.networking.state.connectionData;
print({ type: "ready", encryptionMode, channel: guild.channels.cache.get(channelId).name });

process.stdin.resume();
process.stdin.once("end", async () => {
  connection.destroy();
  await client.destroy();
});
