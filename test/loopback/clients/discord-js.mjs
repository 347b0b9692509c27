/**
 * The unmodified discord.js and @discordjs/voice: joins the call and prints what it hears, one JSON object a line.
 * Ends when its standard input does.
 */
import { entersState, joinVoiceChannel, VoiceConnectionStatus } from "@discordjs/voice";
import { Client, Events, GatewayIntentBits } from "discord.js";
import sodium from "sodium-native";

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

// With sodium-native 5 the library's own XChaCha20 fails on a missing constant: in that mode this script opens the
// transport encryption, and the library does the rest.
const stockOnUdpMessage = connection.receiver.onUdpMessage;
connection.receiver.onUdpMessage = (datagram) => {
  const { connectionData, dave } = connection.state.networking.state;
  if (connectionData.encryptionMode !== "aead_xchacha20_poly1305_rtpsize") return stockOnUdpMessage(datagram);
  const speaker = datagram.length > 8 && connection.receiver.ssrcMap.get(datagram.readUInt32BE(8));
  if (!speaker) return;
  const nonce = Buffer.alloc(24);
  datagram.copy(nonce, 0, datagram.length - 4);
  const sealed = datagram.subarray(12, -4);
  const opened = Buffer.alloc(sealed.length - 16);
  const key = Buffer.from(connectionData.secretKey);
  sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(opened, null, sealed, datagram.subarray(0, 12), nonce, key);
  const opus = dave ? dave.decrypt(opened, speaker.userId) : opened;
  if (opus) print({ type: "opus", userId: speaker.userId, opus: opus.toString("hex") });
};
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
