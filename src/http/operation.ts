import type { FastifySchema } from "fastify";
import * as z from "zod";
import type { ErrorRow } from "./api-error.ts";

/**
 * One operation of a server: its address, its input, and all its possible responses. These schemas check requests,
 * serialise responses, and make the OpenAPI document.
 */
export interface Operation {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  readonly url: string;
  readonly schema: FastifySchema;
}

const JSON_TYPE = "application/json";

/** A response with a body. */
export function answer(description: string, schema: z.ZodType, contentType = JSON_TYPE) {
  return { description, content: { [contentType]: { schema } } };
}

/** A response without a body, for statuses such as 204. */
export function emptyAnswer(description: string) {
  return z.undefined().meta({ description });
}

/** Builds the error responses from a program's table of codes. Two codes with the same status share one response. */
export function refusalsFrom<Code extends string>(table: Readonly<Record<Code, ErrorRow>>, body: z.ZodType) {
  return (...codes: readonly Code[]) => {
    const meanings = new Map<number, string>();
    for (const code of codes) {
      const { status, meaning } = table[code];
      meanings.set(status, [meanings.get(status), `\`${code}\`: ${meaning}`].filter(Boolean).join(" "));
    }
    return Object.fromEntries([...meanings].map(([status, meaning]) => [status, answer(meaning, body)]));
  };
}
