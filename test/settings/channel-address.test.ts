import { expect, test } from "vitest";
import { channelPlace } from "../../src/settings/channel-address.ts";

const GUILD = "81384788765712384";
const CHANNEL = "381870553235193857";

test.each([
  `discord://${GUILD}/${CHANNEL}`,
  `discord://${GUILD}/${CHANNEL}/`,
  `https://discord.com/channels/${GUILD}/${CHANNEL}`,
  `https://discord.com/channels/${GUILD}/${CHANNEL}/`,
  `https://discord.com/channels/${GUILD}/${CHANNEL}/1234567890123456789`,
  `https://discord.com/channels/${GUILD}/${CHANNEL}?utm_source=x#y`,
  `https://ptb.discord.com/channels/${GUILD}/${CHANNEL}`,
  `https://canary.discord.com/channels/${GUILD}/${CHANNEL}/`,
  `https://www.discord.com/channels/${GUILD}/${CHANNEL}`,
  `https://discordapp.com/channels/${GUILD}/${CHANNEL}`,
  `discord.com/channels/${GUILD}/${CHANNEL}`,
  `HTTPS://Discord.com/channels/${GUILD}/${CHANNEL}`,
  `<https://discord.com/channels/${GUILD}/${CHANNEL}>`,
  `discord://-/channels/${GUILD}/${CHANNEL}`,
  `discord:///channels/${GUILD}/${CHANNEL}`,
  `  ${GUILD} ${CHANNEL}\n`,
  `${GUILD}/${CHANNEL}`,
])("%j names the channel", (text) => {
  expect(channelPlace(text)).toEqual({ guildId: GUILD, channelId: CHANNEL });
});

test.each([
  "",
  GUILD,
  `discord://${GUILD}`,
  `https://discord.com/channels/@me/${CHANNEL}`,
  `https://discord.com/channels/${GUILD}`,
  `https://discord.com.example.org/channels/${GUILD}/${CHANNEL}`,
  `https://example.org/https://discord.com/channels/${GUILD}/${CHANNEL}`,
  `https://discord.gg/abcdef`,
  `${GUILD} ${CHANNEL} ${CHANNEL}`,
  `${GUILD}${CHANNEL}`,
])("%j names none", (text) => expect(channelPlace(text)).toBeUndefined());
