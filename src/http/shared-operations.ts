import * as z from "zod";
import { answer, type Operation } from "./operation.ts";

/** The operations that are the same for every server. */
export const SHARED_OPERATIONS = {
  healthz: {
    method: "GET",
    url: "/healthz",
    schema: {
      ...{ operationId: "getHealth", summary: "Whether the process answers", tags: ["health"] },
      response: { 200: answer("The process answers.", z.object({ status: z.literal("ok") })) },
    },
  },
  openApi: {
    method: "GET",
    url: "/openapi.json",
    schema: {
      ...{ operationId: "getOpenApi", summary: "This document", tags: ["health"] },
      response: { 200: answer("OpenAPI 3.1.", z.looseObject({ openapi: z.string() })) },
    },
  },
} as const satisfies Readonly<Record<string, Operation>>;
