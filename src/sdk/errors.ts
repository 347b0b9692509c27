import type { ErrorCode, Issue } from "./types.ts";

/** The base of every error that this package throws. No message holds an API key, a bot token or a webhook secret. */
export class MeetbotError extends Error {
  override readonly name: string = "MeetbotError";
}

/** An argument or option is wrong; nothing was sent. The message names it and says what is accepted. */
export class MeetbotInputError extends MeetbotError {
  override readonly name: string = "MeetbotInputError";
}

/** What the service said about a request that it refused. */
export interface Refused {
  /** HTTP status. */
  readonly status: number;
  /** The service's own code; undefined if something in front of the service answered. */
  readonly code: ErrorCode | undefined;
  readonly message: string;
  readonly issues: readonly Issue[];
  readonly retryAfterSeconds: number | undefined;
  /** The answer's JSON; undefined if it was none. */
  readonly body: unknown;
}

/** The service refused the request. A subclass says how. */
export class MeetbotHttpError extends MeetbotError {
  override readonly name: string = "MeetbotHttpError";
  /** HTTP status. */
  readonly status: number;
  /** The service's own code, such as `bot_busy`; undefined if something in front of the service answered. */
  readonly code: ErrorCode | undefined;
  /** What is wrong with each field of the request. */
  readonly issues: readonly Issue[];
  /** After how many seconds a retry makes sense, if the service said so. */
  readonly retryAfterSeconds: number | undefined;
  /** The answer's JSON; undefined if it was none. */
  readonly body: unknown;

  constructor({ status, code, message, issues, retryAfterSeconds, body }: Refused) {
    super(message);
    this.status = status;
    this.code = code;
    this.issues = issues;
    this.retryAfterSeconds = retryAfterSeconds;
    this.body = body;
  }
}

/** 400 or 422: the request is not as described; `issues` names each field. */
export class MeetbotValidationError extends MeetbotHttpError {
  override readonly name: string = "MeetbotValidationError";
}

/** 401: the API key is missing, wrong or revoked. */
export class MeetbotUnauthorizedError extends MeetbotHttpError {
  override readonly name: string = "MeetbotUnauthorizedError";
}

/** 403: the API key may not do this. */
export class MeetbotForbiddenError extends MeetbotHttpError {
  override readonly name: string = "MeetbotForbiddenError";
}

/** 404 or 410: this key has no such thing, or it was deleted. */
export class MeetbotNotFoundError extends MeetbotHttpError {
  override readonly name: string = "MeetbotNotFoundError";
}

/** 409: the state forbids it, or the bot is busy. */
export class MeetbotConflictError extends MeetbotHttpError {
  override readonly name: string = "MeetbotConflictError";
}

/** 429: too many requests, or too many live jobs. */
export class MeetbotRateLimitError extends MeetbotHttpError {
  override readonly name: string = "MeetbotRateLimitError";
}

/** 5xx: the service, Discord or the storage failed. */
export class MeetbotServerError extends MeetbotHttpError {
  override readonly name: string = "MeetbotServerError";
}

/** The answer is not what the service sends: a redirect, a page of a proxy, or broken JSON. */
export class MeetbotResponseError extends MeetbotError {
  override readonly name: string = "MeetbotResponseError";
  /** HTTP status; 0 if a browser hides it. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The service could not be reached, or the connection broke. `cause` is the reason that `fetch` gave. */
export class MeetbotConnectionError extends MeetbotError {
  override readonly name: string = "MeetbotConnectionError";
}

/** There was no answer in time. */
export class MeetbotTimeoutError extends MeetbotConnectionError {
  override readonly name: string = "MeetbotTimeoutError";
}

/** A downloaded file is not the one that was recorded: its length or its SHA-256 is another. */
export class MeetbotChecksumError extends MeetbotError {
  override readonly name: string = "MeetbotChecksumError";
}
