import { MeetBot } from "@meetbot/sdk";
const meetbot = new MeetBot({ apiKey: process.env.MEETBOT_API_KEY });
const job = await meetbot.dispatch({
externalId: "standup-2026-05-09",
platform: "discord",
// The synthetic discord:// scheme keeps every platform URL-keyed
// in the API. The bot token + ids on the `discord` block below
// do the actual work.
meetingUrl: "discord://YOUR_GUILD_ID/YOUR_VOICE_CHANNEL_ID",
discord: {
botToken: process.env.DISCORD_BOT_TOKEN!,
guildId: "YOUR_GUILD_ID",
channelId: "YOUR_VOICE_CHANNEL_ID",
// Optional — omit to skip chat.jsonl capture.
textChannelId: "YOUR_TEXT_CHANNEL_ID",
},
webhooks: {
onFinalize: "https://api.example.com/meetbot-webhook",
},
autoLeave: {
// Default Discord auto-leave: bail if nobody joined the voice
// channel within 5 minutes of the bot connecting.
afterEntryDelaySeconds: 300,
// 4-hour cap.
afterMaxSeconds: 14_400,
},
});
