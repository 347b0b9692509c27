import { expect, test } from "vitest";
import { webhookEvent } from "../../../src/service/api/schemas/webhook-event.ts";
import {
  jobFailed,
  recordingDeleted,
  statusChanged,
  statusFailed,
} from "../../../src/service/domain/service-events.ts";
import { envelopeOf } from "../../support/service-api.ts";
import { FINALIZED, jobRow, statusEvent } from "../support/job-rows.ts";

const ID = "dlv_01HX9N8K0000000000000000AB";
const job = jobRow({ status: "scheduled" });

test.each([
  FINALIZED,
  statusEvent("joining"),
  statusChanged(job, "queued"),
  statusFailed(job, "dispatch_timeout", "nobody could start it in time"),
  jobFailed(job, "dispatch_timeout", "nobody could start it in time"),
  recordingDeleted(job, 7),
])("The schema of webhooks has the event: %j", (event) => {
  const sent = envelopeOf(ID, event);
  expect(webhookEvent.parse(sent)).toEqual(sent);
});
