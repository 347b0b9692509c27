import { readFileSync } from "node:fs";
import { describe, expect, expectTypeOf, test } from "vitest";
import type * as z from "zod";
import type { JobRequest, ServiceEvent } from "../../src/sdk/api-types.ts";
import type {
  Consumer,
  ControlResult,
  DeletedRecording,
  Delivery,
  DispatchInput,
  ExitReason,
  FailureCode,
  Job,
  JobChange,
  JobDetails,
  JobStatus,
  LiveJob,
  Manifest,
  SessionEvent,
  Usage,
} from "../../src/sdk/index.ts";
import type { consumer, usage } from "../../src/service/api/schemas/account.ts";
import type { jobWithLive, ServiceJob } from "../../src/service/api/schemas/job-answer.ts";
import type * as request from "../../src/service/api/schemas/job-request.ts";
import type { DeliveryView } from "../../src/service/api/schemas/ledger.ts";
import type { recordingDeleted } from "../../src/service/api/schemas/recording-answer.ts";
import type { webhookEvent } from "../../src/service/api/schemas/webhook-event.ts";
import type { ControlResult as ControlAnswer } from "../../src/session/control.ts";
import type { JobView } from "../../src/session/job-view.ts";
import type { Manifest as WrittenManifest } from "../../src/session/manifest.ts";
import type { SessionEvent as WrittenEvent } from "../../src/session/session-events.ts";
import { sdkTypes } from "../../tools/generated-files.ts";
import { printType } from "../../tools/sdk/print-type.ts";

describe("the SDK's types", () => {
  test("are what `npm run generate` writes from the OpenAPI document", async () => {
    expect(readFileSync("src/sdk/api-types.ts", "utf8")).toBe(await sdkTypes());
  });

  /** Judged by `tsc`, in `npm run check:types`. */
  test("are those that the service infers from its schemas", () => {
    expectTypeOf<Job>().toEqualTypeOf<ServiceJob>();
    expectTypeOf<JobDetails>().toEqualTypeOf<z.infer<typeof jobWithLive>>();
    expectTypeOf<LiveJob>().toEqualTypeOf<JobView>();
    expectTypeOf<ControlResult>().toEqualTypeOf<ControlAnswer>();
    expectTypeOf<Delivery>().toEqualTypeOf<DeliveryView>();
    expectTypeOf<Usage>().toEqualTypeOf<z.infer<typeof usage>>();
    expectTypeOf<Consumer>().toEqualTypeOf<z.infer<typeof consumer>>();
    expectTypeOf<DeletedRecording>().toEqualTypeOf<z.infer<typeof recordingDeleted>>();
    expectTypeOf<ServiceEvent>().toEqualTypeOf<z.input<typeof webhookEvent>>();
    // What the recorder writes has every field; an older recorder's manifest lacks those that have defaults.
    expectTypeOf<WrittenEvent>().toExtend<SessionEvent>();
    expectTypeOf<WrittenManifest>().toExtend<Manifest>();
    expectTypeOf<keyof Manifest>().toEqualTypeOf<keyof WrittenManifest>();
    // Settings of the worker are more exact here than in the schema, which takes any value and checks it itself.
    expectTypeOf<JobRequest>().toExtend<z.input<typeof request.jobRequest>>();
    expectTypeOf<Omit<JobChange, "joinAt">>().toExtend<z.input<typeof request.jobChange>>();
  });

  test("have every code that customers know from other platforms", () => {
    expectTypeOf<
      | "waiting_for_host"
      | "meeting_not_found"
      | "host_denied_admission"
      | "removed_from_meeting"
      | "meeting_ended"
      | "internal_error"
      | "dispatch_timeout"
      | "network_loss"
      | "recording_disabled"
      | "lobby_timeout"
      | "auth_failure"
      | "quota_exceeded"
    >().toEqualTypeOf<FailureCode>();
    expectTypeOf<"scheduled">().toExtend<JobStatus>();
    expectTypeOf<"alone_in_room">().toExtend<ExitReason>();
    expectTypeOf<{ joinAt: Date }>().toExtend<DispatchInput>();
    expectTypeOf<{ joinAt: undefined }>().toExtend<DispatchInput>();
    expectTypeOf<{ meetingURL: string }>().not.toExtend<DispatchInput>();
  });
});

describe("printing a JSON Schema as a type", () => {
  test.each([
    [{}, "unknown"],
    [{ type: "integer" }, "number"],
    [{ type: ["string", "null"] }, "string | null"],
    [{ const: 2 }, "2"],
    [{ enum: ["a", "b"] }, '"a" | "b"'],
    [{ anyOf: [{ type: "string" }, { type: "null" }] }, "string | null"],
    [{ type: "array", items: { type: ["string", "null"] } }, "(string | null)[]"],
    [{ type: "array", items: { oneOf: [{ type: "object" }, { const: 1 }] } }, "(Record<string, never> | 1)[]"],
    [{ $ref: "#/components/schemas/ServiceJob" }, "Job"],
    [{ type: "object", additionalProperties: { type: "number" } }, "{\n  [key: string]: number;\n}"],
    [{ type: "object", additionalProperties: {} }, "{\n  [key: string]: unknown;\n}"],
    [
      { type: "object", properties: { a: { type: "string" }, "b-c": {} }, required: ["a"] },
      '{\n  a: string;\n  "b-c"?: unknown;\n}',
    ],
    [{ type: "object", properties: { a: { type: "string" } } }, "{\n  a?: string | undefined;\n}"],
  ])("%j", (schema, type) => {
    expect(printType(schema, { ServiceJob: "Job" })).toBe(type);
  });

  test.each([{ type: "date" }, { $ref: "#/components/schemas/Other" }])(
    "fails for what it does not know: %j",
    (schema) => {
      expect(() => printType(schema, {})).toThrow(/\w/);
    },
  );
});
