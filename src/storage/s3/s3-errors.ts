import { InputError, JobError, StorageError } from "../../errors.ts";
import { printable } from "../../text/safe-text.ts";

/**
 * The meaning of an error response. The codes are from the Amazon S3 API Reference, "Error responses"; other S3 servers
 * use the same codes. For any other code the HTTP status decides.
 */
export type S3Fault =
  /** Credentials are missing, wrong, or lack the permission. */
  | "refused"
  /** Bucket, region or endpoint are wrong, or the storage does not support the request. */
  | "misplaced"
  /** Busy, unreachable, or damaged on the way: worth a retry. */
  | "passing";

/** Temporary errors, although their status blames the request. */
const PASSING_CODES: ReadonlySet<string> = new Set([
  "BadDigest",
  "IncompleteBody",
  "InvalidPart",
  "NoSuchUpload",
  "OperationAborted",
  "RequestTimeout",
  "XAmzContentSHA256Mismatch",
]);

/** Node's and OpenSSL's codes for an endpoint that speaks no TLS, or whose certificate is not trusted. */
const TLS_CODE = /^(?:ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|EPROTO$)/;

/** OpenSSL's messages are dumps: `error:CODE:library:function:reason:file:line`. */
const OPENSSL_REASON = /:error:[^:]*:[^:]*:[^:]*:([^:]+):/;

/** An error of a request to the storage, with what it means. */
export class S3Error extends StorageError {
  readonly fault: S3Fault;
  /** The storage's or the network's message. */
  readonly reason: string;

  /** @param name the file that it is about */
  constructor(name: string, error: unknown) {
    const fault = faultOf(error);
    const reason = printable(messageOfStore(error));
    super(`${name}: ${reason}`, fault === "passing", { cause: error });
    this.fault = fault;
    this.reason = reason;
  }
}

/** HTTP status of the storage's answer; undefined if there was none. */
export function statusOf(error: unknown): number | undefined {
  const metadata: unknown = error instanceof Error ? Reflect.get(error, "$metadata") : undefined;
  const status: unknown =
    typeof metadata === "object" && metadata !== null ? Reflect.get(metadata, "httpStatusCode") : undefined;
  return typeof status === "number" ? status : undefined;
}

function faultOf(error: unknown): S3Fault {
  const name = error instanceof Error ? error.name : "";
  const status = statusOf(error);
  if (name === "CredentialsProviderError" || status === 401 || status === 403) return "refused";
  if (status === undefined) return isMisplaced(error) ? "misplaced" : "passing";
  if (PASSING_CODES.has(name) || status === 408 || status === 429) return "passing";
  // 501 is NotImplemented, for example for an unknown checksum header.
  return (status >= 300 && status < 500) || status === 501 ? "misplaced" : "passing";
}

/** The SDK or TLS reports these before any response. */
function isMisplaced(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code: unknown = Reflect.get(error, "code");
  return error.message === "Region is missing" || (typeof code === "string" && TLS_CODE.test(code));
}

/** Some servers send only a code, and the response to a HEAD does not even have that. */
function messageOfStore(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { name, message } = error;
  const status = statusOf(error);
  if (status === undefined) {
    const code: unknown = Reflect.get(error, "code");
    // If several addresses were tried, there is no message at all.
    return (OPENSSL_REASON.exec(message)?.[1] ?? message) || String(code);
  }
  const known = name === "Unknown" || name === "Error" ? `HTTP status ${status}` : name;
  return message === "" || message === "UnknownError" ? known : `${known} (${message.replace(/\.$/, "")})`;
}

/** An error at the start or while reading, worded for the person who runs the command. */
export function errorForOperator(error: S3Error, uri: string, endpoint: string | undefined): InputError | JobError {
  const at = endpoint === undefined ? "" : ` at ${endpoint}`;
  switch (error.fault) {
    case "refused":
      return new JobError(
        "auth_failure",
        `the storage${at} refuses access to ${uri}: ${error.reason}; check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, and what they are allowed to do`,
        { cause: error },
      );
    case "misplaced":
      return new InputError(
        `MEETBOT_STORAGE_URI: the storage${at} cannot use ${uri}: ${error.reason}; expected an existing bucket, with its region in MEETBOT_S3_REGION and its address in MEETBOT_S3_ENDPOINT`,
        { cause: error },
      );
    case "passing":
      return new JobError("network_loss", `the storage${at} does not answer for ${uri}: ${error.reason}`, {
        cause: error,
      });
  }
}
