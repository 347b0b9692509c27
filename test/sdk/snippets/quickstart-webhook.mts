import { verifyWebhookSignature } from "@meetbot/sdk";
export async function POST(req: Request) {
const raw = await req.text();
const ok = verifyWebhookSignature({
body: raw,
header: req.headers.get("x-meetbot-signature"),
secret: process.env.MEETBOT_WEBHOOK_SECRET!,
});
if (!ok) return new Response("invalid signature", { status: 401 });
const event = JSON.parse(raw) as MeetbotEvent;
if (event.type === "recording.finalized") {
// Kick off your post-meeting pipeline. ACK fast — we time out at 10s
// and retry up to 5 times with exponential backoff.
queueProcess(event.data);
}
return new Response("ok");
}
interface MeetbotEvent {
type: "recording.finalized" | "bot.failed" | "bot.left";
data: {
jobId: string;
externalId: string;
durationSeconds: number;
manifestUri: string; // s3://bucket/recordings//manifest.json
failureCode?: string; // present on bot.failed — see sub-codes
};
}
