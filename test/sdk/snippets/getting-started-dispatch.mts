import { createMeetbot } from "@meetbot/sdk";
const meetbot = createMeetbot({ apiKey: process.env.MEETBOT_API_KEY! });
const job = await meetbot.dispatchBot({
url: "https://meet.google.com/abc-defg-hij",
externalId: "session-42",
webhooks: { onFinalize: "https://yours.example/hook" },
});
console.log(job.id, job.status);
