import {
  MeetbotConflictError,
  MeetbotForbiddenError,
  MeetbotHttpError,
  MeetbotNotFoundError,
  MeetbotRateLimitError,
  MeetbotServerError,
  MeetbotUnauthorizedError,
  MeetbotValidationError,
  type Refused,
} from "./errors.ts";
import type { ErrorCode, Issue } from "./types.ts";

const BY_STATUS: Readonly<Record<number, typeof MeetbotHttpError>> = {
  400: MeetbotValidationError,
  401: MeetbotUnauthorizedError,
  403: MeetbotForbiddenError,
  404: MeetbotNotFoundError,
  409: MeetbotConflictError,
  410: MeetbotNotFoundError,
  422: MeetbotValidationError,
  429: MeetbotRateLimitError,
};

/**
 * The error for a refused request.
 *
 * @param text the answer's body, which may be anything
 * @param retryAfterMs what the answer asked for
 */
export function refusalOf(status: number, text: string, retryAfterMs: number | undefined): MeetbotHttpError {
  const body = parsed(text);
  const { code, message, issues } = isRecord(body) ? body : {};
  const refused: Refused = {
    status,
    // A newer service may have codes that this version does not know.
    code: typeof code === "string" ? (code as ErrorCode) : undefined,
    message: typeof message === "string" ? message : `the service answered with HTTP status ${status}`,
    issues: Array.isArray(issues) ? issues.filter(isIssue) : [],
    retryAfterSeconds: retryAfterMs === undefined ? undefined : Math.ceil(retryAfterMs / 1_000),
    body,
  };
  const Kind = BY_STATUS[status] ?? (status >= 500 ? MeetbotServerError : MeetbotHttpError);
  return new Kind(refused);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A proxy's page. The status says enough.
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isIssue(value: unknown): value is Issue {
  return isRecord(value) && Array.isArray(value.path) && typeof value.message === "string";
}
