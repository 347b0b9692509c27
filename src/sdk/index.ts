export { createMeetbot, MeetBot } from "./client.ts";
export type { DownloadOptions } from "./download.ts";
export {
  MeetbotChecksumError,
  MeetbotConflictError,
  MeetbotConnectionError,
  MeetbotError,
  MeetbotForbiddenError,
  MeetbotHttpError,
  MeetbotInputError,
  MeetbotNotFoundError,
  MeetbotRateLimitError,
  MeetbotResponseError,
  MeetbotServerError,
  MeetbotTimeoutError,
  MeetbotUnauthorizedError,
  MeetbotValidationError,
} from "./errors.ts";
export { readManifest } from "./manifest.ts";
export type { CallOptions, MeetBotOptions } from "./options.ts";
export type { Page } from "./page.ts";
export type * from "./types.ts";
export type { WatchOptions } from "./watch.ts";
export { type ReceivedWebhook, verifyWebhookSignature } from "./webhook-signature.ts";
