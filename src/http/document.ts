import swagger from "@fastify/swagger";
import { type FastifyInstance, fastify } from "fastify";
import {
  jsonSchemaTransform,
  jsonSchemaTransformObject,
  serializerCompiler,
  validatorCompiler,
} from "fastify-type-provider-zod";
import type { Operation } from "./operation.ts";

/** What an OpenAPI document says of the interface as a whole. */
export interface ApiDescription {
  readonly title: string;
  readonly description: string;
  /** Of the interface, not of the software: it changes with what is promised. */
  readonly version: string;
  readonly tags: { readonly name: string; readonly description: string }[];
  /** The bearer tokens that operations ask for, by the names under which they do. */
  readonly tokens: Readonly<Record<string, string>>;
}

/** Lets routes have schemas of zod, and makes the OpenAPI document of those that are registered afterwards. */
export async function describeRoutes(server: FastifyInstance, api: ApiDescription): Promise<void> {
  const { title, description, version, tags, tokens } = api;
  server.setValidatorCompiler(validatorCompiler).setSerializerCompiler(serializerCompiler);
  await server.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title, description, version, license: { name: "MIT", identifier: "MIT" } },
      tags,
      components: {
        securitySchemes: Object.fromEntries(
          Object.entries(tokens).map(([name, meaning]) => [
            name,
            { type: "http" as const, scheme: "bearer", description: meaning },
          ]),
        ),
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

/** Only the document, without anything behind it. */
export async function documentOf(api: ApiDescription, operations: readonly Operation[]): Promise<object> {
  const server = fastify();
  await describeRoutes(server, api);
  for (const operation of operations) server.route({ ...operation, handler: () => undefined });
  await server.ready();
  return server.swagger();
}
