import * as z from "zod";
import { apiDocument } from "../src/control/api-document.ts";
import { serviceDocument } from "../src/service/api/api-document.ts";
import { webhookEvent } from "../src/service/api/schemas/webhook-event.ts";
import { chatEvent } from "../src/session/chat.ts";
import { envelope } from "../src/session/job-events.ts";
import { manifestSchema, provisionalManifestSchema } from "../src/session/manifest.ts";
import { sessionEvent } from "../src/session/session-events.ts";
import { defaultsFile } from "../src/settings/settings.ts";
import { dashboard } from "./dashboard.ts";
import { skillFiles } from "./documents/skill.ts";
import { kubernetesFiles } from "./kubernetes-example.ts";
import { apiTypes } from "./sdk/api-types.ts";
import { serviceDashboard } from "./service-dashboard.ts";

/**
 * The files in `config/` that are made from the code's own definitions, by their paths there.
 *
 * The schemas describe what the code accepts when it reads: they allow fields that they do not know, so that a file of
 * a later version still validates.
 */
export async function generatedFiles(): Promise<Record<string, string>> {
  return {
    "defaults.json": json(defaultsFile()),
    "openapi.json": json(await apiDocument()),
    "service-openapi.json": json(await serviceDocument()),
    "grafana-dashboard.json": json(dashboard()),
    "grafana/service.json": json(serviceDashboard()),
    ...kubernetesFiles(),
    ...inFolder("skill/meetbot-discord", await skillFiles()),
    "schemas/manifest.schema.json": schema(manifestSchema),
    "schemas/manifest.recording.schema.json": schema(provisionalManifestSchema),
    "schemas/chat-event.schema.json": schema(chatEvent),
    "schemas/session-event.schema.json": schema(sessionEvent),
    "schemas/event-envelope.schema.json": schema(envelope),
    "schemas/service-event.schema.json": schema(webhookEvent),
  };
}

function inFolder(folder: string, files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([name, content]) => [`${folder}/${name}`, content]));
}

/** `src/sdk/api-types.ts`. */
export async function sdkTypes(): Promise<string> {
  const input = { target: "draft-2020-12", io: "input" } as const;
  return apiTypes(await serviceDocument(), {
    Manifest: z.toJSONSchema(manifestSchema, input),
    ServiceEvent: z.toJSONSchema(webhookEvent, input),
    SessionEvent: z.toJSONSchema(sessionEvent, input),
  });
}

function schema(definition: z.ZodType): string {
  return json(z.toJSONSchema(definition, { target: "draft-2020-12", io: "input" }));
}

function json(content: object): string {
  return `${JSON.stringify(content, null, 2)}\n`;
}
