import { type ApiDescription, documentOf } from "../http/document.ts";
import { OPERATIONS } from "./operations.ts";

export const CONTROL_API: ApiDescription = {
  title: "Control of a recording worker",
  description:
    "One worker does one job. An orchestrator can forward its own requests unchanged. A request that is not meant for this worker, or is not valid HTTP, gets 400, 404, 405, 408, 421 or 431 and an Error.",
  version: "1.0.0",
  tags: [
    { name: "bots", description: "Watching and controlling the job" },
    { name: "health", description: "For those who run the worker; no token is asked for" },
  ],
  tokens: { token: "MEETBOT_CONTROL_TOKEN" },
};

/** Only the document, without a job. */
export function apiDocument(): Promise<object> {
  return documentOf(CONTROL_API, Object.values(OPERATIONS));
}
