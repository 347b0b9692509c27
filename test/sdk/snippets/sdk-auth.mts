import { createMeetbot } from "@meetbot/sdk";
const meetbot = createMeetbot({
apiKey: process.env.MEETBOT_API_KEY!, // mb_live_… or mb_test_…
baseUrl: "https://api.meetbot.dev", // optional; this is the default
});
