import { ApiError, type ErrorTable, errorBody, type Issue } from "../http/api-error.ts";
import { refusalsFrom } from "../http/operation.ts";

type ControlCode =
  | "unauthorized"
  | "control_disabled"
  | "wrong_state"
  | "chat_unavailable"
  | "discord_unreachable"
  | "invalid_input"
  | "not_found";

/** The possible errors of a request, by code, with their HTTP status. */
const CONTROL_ERRORS: ErrorTable<ControlCode> = {
  invalid_input: { status: 400, meaning: "The request is not as described; `issues` names the field." },
  unauthorized: { status: 401, meaning: "The token is missing, or is not MEETBOT_CONTROL_TOKEN." },
  control_disabled: {
    status: 403,
    meaning: "The worker runs without MEETBOT_CONTROL_TOKEN, so nobody can control it.",
  },
  not_found: { status: 404, meaning: "The worker has another job, or the address is unknown." },
  method_not_allowed: { status: 405, meaning: "The address has no such operation; `Allow` lists those that it has." },
  wrong_state: { status: 409, meaning: "The job's state does not allow the request." },
  chat_unavailable: { status: 409, meaning: "The bot may not write in the channel, or the channel is gone." },
  payload_too_large: { status: 413, meaning: "The body has more than 16 KiB." },
  unsupported_media_type: { status: 415, meaning: "The body is not application/json." },
  request_timeout: { status: 408, meaning: "The request did not arrive within 30 s." },
  unexpected_host: { status: 421, meaning: "The Host header names a host that the worker does not know as its own." },
  headers_too_large: { status: 431, meaning: "The headers have more than 16 KiB." },
  internal_error: { status: 500, meaning: "Something on the worker's side broke; its log says what." },
  discord_unreachable: { status: 502, meaning: "Discord did not accept the request. Try again later." },
};

export const refusals = refusalsFrom(CONTROL_ERRORS, errorBody(CONTROL_ERRORS, "Error"));

/** A refused request. Its message is for the client. */
export class ControlError extends ApiError {
  override readonly name = "ControlError";

  constructor(code: ControlCode, message: string, issues: readonly Issue[] = []) {
    super(CONTROL_ERRORS[code].status, code, message, issues);
  }
}
