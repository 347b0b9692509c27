/** Whose fault a failure is: what to change, and who has to change it. */
export type Fault = "customer" | "platform" | "ours";

/**
 * An error whose sentence is meant for the person who reads it: it names the field or file, and says what is accepted.
 * The command line prints only the sentence, without a stack, and exits 1.
 */
export class InputError extends Error {
  override readonly name: string = "InputError";
}

/** A file of a recording cannot be read: it is too long, is not a file, or belongs to somebody else. */
export class UnreadableFileError extends InputError {
  override readonly name: string = "UnreadableFileError";
}

/** A file is longer than it may be; reading it stopped there. */
export class TooLongError extends UnreadableFileError {
  override readonly name = "TooLongError";

  constructor(file: string, maxBytes: number) {
    super(`${file}: longer than ${maxBytes} bytes, the most that it may have; it was not read`);
  }
}

/** Every problem of the configuration at once. */
export class ConfigError extends InputError {
  override readonly name = "ConfigError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      problems.length === 1
        ? problems[0]
        : `${problems.length} problems:\n${problems.map((p) => `  - ${p}`).join("\n")}`,
    );
    this.problems = problems;
  }
}

/** The customer's `failure_code`. */
export type FailureCode =
  | "auth_failure"
  | "meeting_not_found"
  | "host_denied_admission"
  | "lobby_timeout"
  | "removed_from_meeting"
  | "meeting_ended"
  | "network_loss"
  | "recording_disabled"
  | "internal_error";

/** A job that cannot continue; the sentence is its `failure_detail`. */
export class JobError extends Error {
  override readonly name = "JobError";
  readonly failureCode: FailureCode;

  constructor(failureCode: FailureCode, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.failureCode = failureCode;
  }
}

/** The storage did not accept a file; `retryable` if a retry may succeed. */
export class StorageError extends Error {
  override readonly name = "StorageError";
  readonly retryable: boolean;

  constructor(message: string, retryable: boolean, options?: ErrorOptions) {
    super(message, options);
    this.retryable = retryable;
  }
}

/** A message that did not get into its channel; the sentence says why and where. */
export class MessageError extends Error {
  override readonly name = "MessageError";
  /** `unreachable` may be retried; the others fail again until something is changed. */
  readonly reason: "missing_permissions" | "unknown_channel" | "refused" | "unreachable";

  constructor(reason: MessageError["reason"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** Whether a retry may help; true for unknown errors. Wrong input has to be corrected first. */
export function isWorthRetry(error: unknown): boolean {
  if (error instanceof InputError) return false;
  return !(error instanceof StorageError) || error.retryable;
}

/** The message of a thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether the operating system refused something, such as opening a file: Node gives these a `code` and a `syscall`. */
export function isSystemError(error: unknown): error is Error {
  return (
    error instanceof Error &&
    typeof Reflect.get(error, "code") === "string" &&
    typeof Reflect.get(error, "syscall") === "string"
  );
}

/** Whether it is an error with this `code`, as Node and libraries give them. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && Reflect.get(error, "code") === code;
}
