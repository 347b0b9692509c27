import type { MeetbotHttpError } from "@meetbot/sdk";
try {
await meetbot.dispatchBot({ externalId: "bad", meetingUrl: "not-a-url" });
} catch (err) {
const e = err as MeetbotHttpError;
if (e.status === 400) console.error("validation:", e);
if (e.status === 401) console.error("auth:", e);
if (e.status === 429) console.error("rate limit:", e);
throw err;
}
