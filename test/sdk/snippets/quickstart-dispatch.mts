import { createMeetbot } from "@meetbot/sdk";
const meetbot = createMeetbot({ apiKey: process.env.MEETBOT_API_KEY! });
const job = await meetbot.dispatchBot({
url: "https://meet.google.com/abc-defg-hij",
externalId: "demo-2026-05-09",
webhooks: { onFinalize: "https://yours.example/hook/meetbot" },
// Optional — you can let the bot figure out a sensible default.
joinAt: undefined, // join immediately
leaveBehavior: "when-host-leaves", // or "after-silence:300s" or "explicit"
});
console.log("dispatched", job.id, "→", job.status);
// dispatched job_01HXY1AB7M2QNTWA9YQRH5JEP6 → queued
