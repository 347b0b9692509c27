import { describe, expect, it } from "vitest";
import { S3Error } from "../../../src/storage/s3/s3-errors.ts";

/** An error as the AWS SDK makes it from a server's answer. */
const answered = (httpStatusCode: number, name: string, message = "UnknownError") =>
  Object.assign(new Error(message), { name, $metadata: { httpStatusCode } });
/** An error of Node for a failed network. */
const unanswered = (code: string, message: string) => Object.assign(new Error(message), { code });

describe("S3Error", () => {
  it.each([
    [answered(403, "AccessDenied", "Access Denied."), "refused", "AccessDenied (Access Denied)"],
    [answered(403, "Unknown"), "refused", "HTTP status 403"],
    [answered(401, "Unauthorized"), "refused", "Unauthorized"],
    [answered(403, "RequestTimeTooSkewed"), "refused", "RequestTimeTooSkewed"],
    [Object.assign(new Error("none"), { name: "CredentialsProviderError" }), "refused", "none"],
    [answered(404, "NoSuchBucket"), "misplaced", "NoSuchBucket"],
    [answered(301, "PermanentRedirect"), "misplaced", "PermanentRedirect"],
    [answered(400, "InvalidRequest"), "misplaced", "InvalidRequest"],
    [answered(501, "NotImplemented"), "misplaced", "NotImplemented"],
    [unanswered("DEPTH_ZERO_SELF_SIGNED_CERT", "self-signed certificate"), "misplaced", "self-signed certificate"],
    [new Error("Region is missing"), "misplaced", "Region is missing"],
    [answered(503, "SlowDown"), "passing", "SlowDown"],
    [answered(500, "InternalError"), "passing", "InternalError"],
    [answered(429, "TooManyRequests"), "passing", "TooManyRequests"],
    [answered(408, "Unknown"), "passing", "HTTP status 408"],
    [answered(400, "RequestTimeout"), "passing", "RequestTimeout"],
    [answered(400, "BadDigest"), "passing", "BadDigest"],
    [answered(404, "NoSuchUpload"), "passing", "NoSuchUpload"],
    [answered(200, "Error", "no XML"), "passing", "HTTP status 200 (no XML)"],
    [unanswered("ECONNRESET", "socket hang up"), "passing", "socket hang up"],
    [Object.assign(new AggregateError([], ""), { code: "ECONNREFUSED" }), "passing", "ECONNREFUSED"],
  ])("of %s is %s: %s", (cause, fault, reason) => {
    const error = new S3Error("a.ogg", cause);
    expect(error).toMatchObject({ fault, reason, message: `a.ogg: ${reason}`, retryable: fault === "passing", cause });
  });
});
