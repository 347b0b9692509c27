/**
 * The unmodified Dysnomia: joins the call, prints what it hears, one JSON object a line, and from the first thing it
 * hears says the packets of CLIENT_SAYS (hex, comma-separated), one every 20 ms. Ends when its standard input does.
 */
import { Client } from "@projectdysnomia/dysnomia";

const { DISCORD_BOT_TOKEN, MEETBOT_DISCORD_API, MEETBOT_MEETING_URL, CLIENT_SAYS = "" } = process.env;
const [, channelId] = MEETBOT_MEETING_URL.replace("discord://", "").split("/");
const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const api = new URL(MEETBOT_DISCORD_API);

const client = new Client(`Bot ${DISCORD_BOT_TOKEN}`, {
  gateway: { intents: ["guilds", "guildVoiceStates"] },
  rest: { https: false, domain: api.hostname, port: api.port, baseURL: `${api.pathname}/v10` },
});
client.on("error", (error) => print({ type: "error", message: error.message }));
await Promise.all([new Promise((resolve) => client.once("ready", resolve)), client.connect()]);

const connection = await client.joinVoiceChannel(channelId, { opusOnly: true });
connection.on("error", (error) => print({ type: "error", message: error.message }));
connection.on("warn", (message) => print({ type: "warn", message }));

const packets = CLIENT_SAYS === "" ? [] : CLIENT_SAYS.split(",").map((hex) => Buffer.from(hex, "hex"));
let speaking;
function sayNext() {
  const packet = packets.shift();
  if (packet) connection.sendAudioFrame(packet);
  else clearInterval(speaking);
}
const receiver = connection.receive("opus");
receiver.on("data", (opus, userId) => print({ type: "opus", userId, opus: opus.toString("hex") }));
receiver.once("data", () => {
  connection.setSpeaking(1);
  speaking = setInterval(sayNext, 20);
});
print({ type: "ready", mode: connection.mode });

process.stdin.resume();
process.stdin.once("end", () => {
  clearInterval(speaking);
  client.leaveVoiceChannel(channelId);
  client.disconnect({ reconnect: false });
});
