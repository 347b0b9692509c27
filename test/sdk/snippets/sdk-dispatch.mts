import { createMeetbot } from "@meetbot/sdk";
const meetbot = createMeetbot({ apiKey: process.env.MEETBOT_API_KEY! });
const job = await meetbot.dispatchBot({
externalId: "lesson-2026-05-09-pavel",
meetingUrl: "https://meet.google.com/abc-defg-hij",
displayName: "Acme Notetaker",
webhooks: {
onFinalize: "https://api.acme.example/meetbot/finalize",
},
});
console.log("dispatched", job.id, "→", job.status);
