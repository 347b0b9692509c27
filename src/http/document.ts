import swagger from "@fastify/swagger";
import { type FastifyInstance, fastify } from "fastify";
import {
  jsonSchemaTransform,
  jsonSchemaTransformObject,
  serializerCompiler,
  validatorCompiler,
} from "fastify-type-provider-zod";
import type { Operation } from "./operation.ts";

/** The general part of an OpenAPI document. */
export interface ApiDescription {
  readonly title: string;
  readonly description: string;
  /** The version of the interface, not of the software. */
  readonly version: string;
  readonly tags: { readonly name: string; readonly description: string }[];
  /** The bearer tokens that operations require, by name. */
  readonly tokens: Readonly<Record<string, string>>;
}

/** Adds zod schemas to routes, and builds the OpenAPI document of the routes that are registered later. */
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

/** Removes unused shared schemas, because each also appears a second time as an input. */
function forReaders<Content>(document: Content): Content {
  const whole = openEnded(JSON.parse(JSON.stringify(document))) as Described;
  const { components } = whole;
  const schemas = new Map(Object.entries(components.schemas));
  const used = new Set<string>();
  const follow = (part: unknown): void => {
    for (const [, name = ""] of JSON.stringify(part ?? null).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (used.has(name)) continue;
      used.add(name);
      follow(schemas.get(name));
    }
  };
  follow({ ...whole, components: null });
  const kept = Object.fromEntries([...schemas].filter(([name]) => used.has(name)));
  return { ...whole, components: { ...components, schemas: kept } } as Content;
}

/** The parts that every document has. */
interface Described {
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

/** Responses may get more fields later, so they allow additional properties. Request bodies do not. */
function openEnded(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(openEnded);
  if (typeof part !== "object" || part === null) return part;
  return Object.fromEntries(
    Object.entries(part)
      .filter(([key, value]) => key !== "additionalProperties" || value !== false)
      .map(([key, value]) => [key, key === "requestBody" ? value : openEnded(value)]),
  );
}

/** Only the document, without a running service. */
export async function documentOf(api: ApiDescription, operations: readonly Operation[]): Promise<object> {
  const server = fastify();
  await describeRoutes(server, api);
  for (const operation of operations) server.route({ ...operation, handler: () => undefined });
  await server.ready();
  return server.swagger();
}
