import { ApiError, type ErrorTable, errorBody, type Issue } from "../../http/api-error.ts";
import { refusalsFrom } from "../../http/operation.ts";

type ServiceCode =
  | "unauthorized"
  | "operators_only"
  | "bot_busy"
  | "wrong_state"
  | "secret_overlap"
  | "chat_unavailable"
  | "stale_attempt"
  | "recording_deleted"
  | "login_expired"
  | "range_not_satisfiable"
  | "idempotency_conflict"
  | "quota_exceeded"
  | "rate_limited"
  | "logins_spent"
  | "report_busy"
  | "discord_unreachable"
  | "store_unavailable"
  | "storage_unavailable"
  | "worker_unreachable"
  | "invalid_input"
  | "not_found";

/** Reasons to refuse a request, by code, with their HTTP status. */
export const SERVICE_ERRORS: ErrorTable<ServiceCode> = {
  invalid_input: { status: 400, meaning: "The request is not as described; `issues` names each field." },
  unauthorized: { status: 401, meaning: "The key is missing, wrong or revoked." },
  operators_only: { status: 403, meaning: "Only a key with the role `operator` may read this." },
  not_found: { status: 404, meaning: "This key has no such job, recording, file or delivery." },
  method_not_allowed: { status: 405, meaning: "The address has no such operation; `Allow` lists those that it has." },
  request_timeout: { status: 408, meaning: "The request did not arrive within 30 s." },
  wrong_state: { status: 409, meaning: "The job's status does not allow this." },
  bot_busy: { status: 409, meaning: "The bot already has a live job in this server; `message` names the job." },
  secret_overlap: { status: 409, meaning: "Two webhook secrets of the key are valid; `message` says until when." },
  chat_unavailable: { status: 409, meaning: "The bot may not write in the channel, or the channel is gone." },
  stale_attempt: { status: 410, meaning: "A newer worker has the job; this one must end." },
  recording_deleted: { status: 410, meaning: "The recording was deleted." },
  login_expired: { status: 410, meaning: "The login was not confirmed in time, or its key was fetched already." },
  payload_too_large: { status: 413, meaning: "The body has more than 64 KiB." },
  unsupported_media_type: { status: 415, meaning: "The body is not application/json." },
  range_not_satisfiable: { status: 416, meaning: "The range is outside the file." },
  unexpected_host: { status: 421, meaning: "The Host header names a host that the service does not know as its own." },
  idempotency_conflict: { status: 422, meaning: "This `Idempotency-Key` was used with a different request." },
  quota_exceeded: {
    status: 429,
    meaning: "The key has reached its limit of live jobs; `Retry-After` says when to retry.",
  },
  logins_spent: {
    status: 429,
    meaning:
      "The bot has used up its logins of the day at Discord, except for a reserve; `Retry-After` says when there are new ones.",
  },
  rate_limited: { status: 429, meaning: "The key sends too many requests; `Retry-After` says when to retry." },
  report_busy: { status: 429, meaning: "The service is making another report; `Retry-After` says when to retry." },
  headers_too_large: { status: 431, meaning: "The headers have more than 16 KiB." },
  internal_error: {
    status: 500,
    meaning: "The service could not answer because of an error of its own; its log has the details.",
  },
  discord_unreachable: { status: 502, meaning: "Discord did not accept the request; a retry may succeed." },
  store_unavailable: { status: 503, meaning: "The database does not answer; a retry may succeed." },
  storage_unavailable: { status: 503, meaning: "The recording's storage does not answer; a retry may succeed." },
  worker_unreachable: { status: 504, meaning: "The job's worker did not answer in time." },
};

const serviceErrorBody = errorBody(SERVICE_ERRORS, "ServiceError");

export const refusals = refusalsFrom(SERVICE_ERRORS, serviceErrorBody);

/** A refused request. The message is for the client. */
export class ServiceError extends ApiError {
  override readonly name = "ServiceError";

  constructor(
    code: keyof typeof SERVICE_ERRORS,
    message: string,
    details: {
      readonly issues?: readonly Issue[];
      readonly retryAfterSeconds?: number;
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ) {
    const { issues = [], retryAfterSeconds, headers = {} } = details;
    const retry = retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
    super(SERVICE_ERRORS[code].status, code, message, issues, { ...headers, ...retry });
  }
}

/** Collects problems of fields that no schema can find. */
export function invalidInput(issues: readonly Issue[]): ServiceError {
  const message = issues.map(({ path, message: text }) => `${path.join(".")}: ${text}`).join("; ");
  return new ServiceError("invalid_input", message, { issues });
}
