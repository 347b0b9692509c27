import * as z from "zod";

/** A kind of error: its HTTP status, and its meaning in a sentence. */
export interface ErrorRow {
  readonly status: number;
  readonly meaning: string;
}

/** The codes and HTTP statuses with which every server refuses malformed or unknown requests. */
export const SERVER_REFUSALS = {
  invalid_input: 400,
  not_found: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  payload_too_large: 413,
  unsupported_media_type: 415,
  unexpected_host: 421,
  headers_too_large: 431,
  internal_error: 500,
} as const;

export type ServerRefusal = keyof typeof SERVER_REFUSALS;

/** All codes of one program. */
export type ErrorTable<Code extends string> = Readonly<Record<Code | ServerRefusal, ErrorRow>>;

/** The problem of one field. */
export interface Issue {
  /** The path from the body, the query or the headers. */
  readonly path: string[];
  readonly message: string;
}

/** A refused request; its message is for the client. */
export class ApiError extends Error {
  override readonly name: string = "ApiError";
  readonly status: number;
  readonly code: string;
  readonly issues: readonly Issue[];
  /** Headers of the response, such as `retry-after`. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    message: string,
    issues: readonly Issue[] = [],
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.issues = issues;
    this.headers = headers;
  }

  get body() {
    const { code, message, issues } = this;
    return { error: code, code, message, ...(issues.length === 0 ? {} : { issues: [...issues] }) };
  }
}

/** An error that every server may return. */
export function serverRefusal(code: ServerRefusal, message: string, issues?: readonly Issue[]): ApiError {
  return new ApiError(SERVER_REFUSALS[code], code, message, issues);
}

/**
 * The answer to a request that no route takes.
 *
 * @param allowed the methods that the address has; none if there is nothing
 */
export function noRoute(method: string, url: string, allowed: readonly string[]): ApiError {
  if (allowed.length === 0)
    return serverRefusal("not_found", `there is nothing at ${method} ${url}; see /openapi.json`);
  const [code, allow] = ["method_not_allowed", allowed.join(", ")] as const;
  const message = `the address does not take ${method}, expected ${allow}; see /openapi.json`;
  return new ApiError(SERVER_REFUSALS[code], code, message, [], { allow });
}

/**
 * The schema of a refusal's body, with the codes of one program.
 *
 * @param id its name in the OpenAPI document; no two programs may have the same
 */
export function errorBody<Code extends string>(table: Readonly<Record<Code, ErrorRow>>, id: string) {
  const code = z.enum(Object.keys(table) as [Code, ...Code[]]);
  return z
    .object({
      error: code,
      code: code.meta({ description: "the same as error" }),
      message: z.string().meta({ description: "one sentence for people" }),
      issues: z
        .array(z.object({ path: z.array(z.string()), message: z.string() }))
        .optional()
        .meta({ description: "what is wrong with each field" }),
    })
    .meta({ id, description: "Why a request was refused" });
}
