import { type ApiDescription, documentOf } from "../../http/document.ts";
import { CONTROL_OPERATIONS } from "./operations/control.ts";
import { HOST_OPERATIONS } from "./operations/host.ts";
import { JOB_OPERATIONS } from "./operations/jobs.ts";
import { RECORD_OPERATIONS } from "./operations/records.ts";

/** Every operation of the service. */
export const SERVICE_OPERATIONS = {
  ...JOB_OPERATIONS,
  ...CONTROL_OPERATIONS,
  ...RECORD_OPERATIONS,
  ...HOST_OPERATIONS,
};

export const SERVICE_API: ApiDescription = {
  title: "meetbot for Discord: the job service",
  description:
    "Records voice channels: one request is one job, and one job is one recording. Any request may also be answered with 400, 404, 405, 408, 413, 415, 421 or 431 and an error, if this service does not understand it.",
  version: "1.0.0",
  tags: [
    { name: "bots", description: "Jobs, and what can be asked of them" },
    { name: "recordings", description: "What was recorded" },
    { name: "webhooks", description: "What was delivered" },
    { name: "account", description: "Whose key it is, and what was used" },
    { name: "cli-auth", description: "Login of a command line: device flow" },
    { name: "ingest", description: "For workers only" },
    { name: "admin", description: "For operators only" },
    { name: "health", description: "For operators; without a key" },
  ],
  tokens: {
    key: "An API key: mb_live_… or mb_test_…",
    ingestToken: "A worker's own token, made for one start of one job",
  },
};

/** Builds only the document, without a running service. */
export function serviceDocument(): Promise<object> {
  return documentOf(SERVICE_API, Object.values(SERVICE_OPERATIONS));
}
