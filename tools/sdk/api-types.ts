import { printNamed, type Schema } from "./print-type.ts";

/** The SDK's names for the components of the service's OpenAPI document. */
const COMPONENTS = {
  ServiceJob: "Job",
  ServiceJobWithLive: "JobDetails",
  Job: "LiveJob",
  ControlResult: "ControlResult",
  Delivery: "Delivery",
  RecordingSummary: "RecordingSummary",
  Recording: "RecordingAnswer",
  ServiceError: "RefusalBody",
} as const;

/** The SDK's names for what is described at an operation only. */
const BODIES = { JobRequest: "createJob", JobChange: "updateJob" } as const;
const ANSWERS = {
  DeletedRecording: "deleteRecording",
  Usage: "getUsage",
  Consumer: "getConsumer",
  NewWebhookSecret: "rotateWebhookSecret",
} as const;
const QUERIES = {
  JobsQuery: "listJobs",
  RecordingsQuery: "listRecordings",
  ListDeliveriesQuery: "listDeliveries",
  UsageQueryText: "getUsage",
} as const;

const HEAD = `/**
 * The types of the job service's requests and answers. \`npm run generate\` writes this file from the service's OpenAPI
 * document and from the schemas of job events and manifests. A test fails if they differ.
 */
`;

interface Content {
  readonly content: { readonly "application/json": { readonly schema: Schema } };
}

interface Described {
  readonly operationId: string;
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content>>;
  readonly parameters?: readonly {
    readonly in: string;
    readonly name: string;
    readonly description?: string;
    readonly schema: Schema;
  }[];
}

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/**
 * The source of `src/sdk/api-types.ts`.
 *
 * @param document the service's OpenAPI document
 * @param schemas of whole files and events, by the SDK's names for them
 */
export function apiTypes(document: object, schemas: Readonly<Record<string, object>>): string {
  const { paths, components } = JSON.parse(JSON.stringify(document)) as OpenApi;
  const operations = Object.values(paths).flatMap((path) => Object.values(path));
  const named = (operationId: string): Described => {
    const found = operations.find((each) => each.operationId === operationId);
    if (found === undefined) throw new Error(`the document has no operation ${operationId}`);
    return found;
  };
  const bodyOf = (of: Content | undefined): Schema => of?.content["application/json"].schema ?? {};
  const all: (readonly [string, Schema])[] = [
    ...Object.entries(COMPONENTS).map(([id, name]) => [name, components.schemas[id] ?? {}] as const),
    ...Object.entries(BODIES).map(([name, id]) => [name, bodyOf(named(id).requestBody)] as const),
    ...Object.entries(ANSWERS).map(([name, id]) => [name, bodyOf(named(id).responses["200"])] as const),
    ...Object.entries(QUERIES).map(([name, id]) => [name, queryOf(named(id))] as const),
    ...Object.entries(schemas),
  ];
  return [HEAD, ...all.map(([name, schema]) => `${printNamed(name, schema, COMPONENTS)}\n`)].join("\n");
}

function queryOf({ parameters = [] }: Described): Schema {
  const fields = parameters.filter((parameter) => parameter.in === "query");
  const properties = fields.map(({ name, schema, description }) => [
    name,
    description === undefined ? schema : { ...schema, description },
  ]);
  return { type: "object", properties: Object.fromEntries(properties) };
}
