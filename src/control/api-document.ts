import swagger from "@fastify/swagger";
import { type FastifyInstance, fastify } from "fastify";
import {
  jsonSchemaTransform,
  jsonSchemaTransformObject,
  serializerCompiler,
  validatorCompiler,
} from "fastify-type-provider-zod";
import { OPERATIONS, type Operation } from "./operations.ts";

/** Of the interface, not of the software: it changes with what is promised. */
const API_VERSION = "1.0.0";

/** Lets routes have schemas of zod, and makes the OpenAPI document of those that are registered afterwards. */
export async function describeRoutes(server: FastifyInstance): Promise<void> {
  server.setValidatorCompiler(validatorCompiler).setSerializerCompiler(serializerCompiler);
  await server.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Control of a recording worker",
        description:
          "One worker does one job. An orchestrator can pass its own requests on as they are. Any request may also be answered with 400, 404, 408, 421 or 431 and an Error, where it is no request to this worker at all.",
        version: API_VERSION,
        license: { name: "MIT", identifier: "MIT" },
      },
      tags: [
        { name: "bots", description: "Watching and controlling the job" },
        { name: "health", description: "For those who run the worker; no token is asked for" },
      ],
      components: {
        securitySchemes: { token: { type: "http", scheme: "bearer", description: "MEETBOT_CONTROL_TOKEN" } },
      },
    },
    transform: jsonSchemaTransform,
    transformObject: (document) => forReaders(jsonSchemaTransformObject(document)),
  });
}

/**
 * Answers may get fields later, so none says that it has no others. And each shared schema is there a second time, as an
 * input, which nothing refers to.
 */
function forReaders<Content>(document: Content): Content {
  return JSON.parse(JSON.stringify(document), (key, value: unknown) => {
    if (key === "additionalProperties" && value === false) return undefined;
    if (key !== "schemas" || typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).filter(([name]) => !name.endsWith("Input")));
  });
}

/** Only the document, without a job. */
export async function apiDocument(): Promise<object> {
  const server = fastify();
  await describeRoutes(server);
  const operations: readonly Operation[] = Object.values(OPERATIONS);
  for (const operation of operations) server.route({ ...operation, handler: () => undefined });
  await server.ready();
  return server.swagger();
}
