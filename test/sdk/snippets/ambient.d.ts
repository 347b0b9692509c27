/** What some snippets use and leave to their reader. */

declare const meetbot: import("@meetbot/sdk").MeetBot;
declare const event: Extract<import("@meetbot/sdk").WebhookEvent, { event: "job.failed" }>;
declare function queueProcess(data: { readonly jobId: string }): void;
declare function mapLegacyReason(reason: string): string;
declare function notifyUserBotBlocked(jobId: string, detail: string): Promise<void>;
declare function scheduleRetry(jobId: string, options: { readonly delaySec: number }): Promise<void>;
declare function pageOnCall(facts: object): Promise<void>;
declare const log: { warn(text: string, facts: object): void };
