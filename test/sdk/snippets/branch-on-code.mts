import type { WebhookEvent } from "@meetbot/sdk";
async function onJobFailed(event: Extract<WebhookEvent, { event: "job.failed" }>) {
const { failure_code, failure_detail, jobId } = event.data;
switch (failure_code) {
case "host_denied_admission":
case "recording_disabled":
// User-facing — do not retry, tell the user.
await notifyUserBotBlocked(jobId, failure_detail);
return;
case "waiting_for_host":
case "lobby_timeout":
case "dispatch_timeout":
// Transient — retry with backoff.
await scheduleRetry(jobId, { delaySec: 60 });
return;
case "auth_failure":
case "quota_exceeded":
// Account-level — page on-call.
await pageOnCall({ jobId, failure_code, failure_detail });
return;
case "internal_error":
// Our problem. Log, ack, move on.
log.warn("meetbot internal_error", { jobId, failure_detail });
return;
default:
// removed_from_meeting / network_loss / meeting_ended → recording
// is partial-or-final, treat like a normal job.finalized event.
return;
}
}
