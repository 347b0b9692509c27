import { createMeetbot } from "@meetbot/sdk";
// Default: EU region
const meetbot = createMeetbot({ apiKey: process.env.MEETBOT_API_KEY! });
// Future: pin to US-East
const meetbotUs = createMeetbot({
apiKey: process.env.MEETBOT_API_KEY!,
baseUrl: "https://us-east.api.meetbot.dev",
});
