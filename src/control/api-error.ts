import { z } from "zod";

/** What may be wrong with a request, by the code that clients read, and its HTTP status. */
export const API_ERRORS = {
  invalid_input: { status: 400, meaning: "The request is not as described; `issues` names the field." },
  unauthorized: { status: 401, meaning: "No token was sent, or another one than MEETBOT_CONTROL_TOKEN." },
  control_disabled: { status: 403, meaning: "The worker runs without MEETBOT_CONTROL_TOKEN and takes no orders." },
  not_found: { status: 404, meaning: "The worker has another job, or nothing is at this address." },
  wrong_state: { status: 409, meaning: "The job's state forbids it." },
  chat_unavailable: { status: 409, meaning: "The bot may not write in the channel, or the channel is gone." },
  payload_too_large: { status: 413, meaning: "The body has more than 16 KiB." },
  unsupported_media_type: { status: 415, meaning: "The body is no application/json." },
  request_timeout: { status: 408, meaning: "The request did not arrive within 30 s." },
  unexpected_host: { status: 421, meaning: "The Host header names a host that the worker does not know as its own." },
  headers_too_large: { status: 431, meaning: "The headers have more than 16 KiB." },
  internal_error: { status: 500, meaning: "Something on the worker's side broke; its log says what." },
  discord_unreachable: { status: 502, meaning: "Discord did not take it; it may be tried again." },
} as const;

export type ApiErrorCode = keyof typeof API_ERRORS;

const code = z.enum(Object.keys(API_ERRORS) as [ApiErrorCode, ...ApiErrorCode[]]);

export const apiErrorBody = z
  .object({
    error: code,
    code: code.meta({ description: "the same as error" }),
    message: z.string().meta({ description: "one sentence for people" }),
    issues: z
      .array(z.object({ path: z.array(z.string()), message: z.string() }))
      .optional()
      .meta({ description: "what is wrong with each field" }),
  })
  .meta({ id: "Error", description: "Why a request was refused" });

export type ApiErrorBody = z.infer<typeof apiErrorBody>;
export type Issue = NonNullable<ApiErrorBody["issues"]>[number];

/** A request that is refused; its message is for whoever sent it. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: ApiErrorCode;
  readonly issues: readonly Issue[];

  constructor(code: ApiErrorCode, message: string, issues: readonly Issue[] = []) {
    super(message);
    this.code = code;
    this.issues = issues;
  }

  get status(): number {
    return API_ERRORS[this.code].status;
  }

  get body(): ApiErrorBody {
    const { code, message, issues } = this;
    return { error: code, code, message, ...(issues.length === 0 ? {} : { issues: [...issues] }) };
  }
}
