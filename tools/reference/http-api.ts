import * as z from "zod";
import { markdownTable } from "./markdown-table.ts";

const OPERATION = z.object({
  summary: z.string(),
  security: z.array(z.unknown()).optional(),
  responses: z.record(z.string(), z.object({ description: z.string() })),
});
const DOCUMENT = z.object({ paths: z.record(z.string(), z.record(z.string(), OPERATION)) });

/** The operations of an OpenAPI document: what each does, and what it answers. */
export function operationsTable(document: object): string {
  const { paths } = DOCUMENT.parse(document);
  const rows = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { summary, responses }]) => [
      `\`${method.toUpperCase()} ${path}\``,
      summary,
      Object.keys(responses).join(", "),
    ]),
  );
  return markdownTable(["request", "what it does", "answers"], rows);
}

/** Each status that is a refusal, and the codes and sentences with which it comes. */
export function refusalsTable(document: object): string {
  const { paths } = DOCUMENT.parse(document);
  const meanings = new Map<string, Set<string>>();
  for (const { responses } of Object.values(paths).flatMap((operations) => Object.values(operations))) {
    for (const [status, { description }] of Object.entries(responses)) {
      if (!description.startsWith("`")) continue;
      const sentences = meanings.get(status) ?? new Set();
      for (const part of description.split(/ (?=`\w+`: )/)) sentences.add(part);
      meanings.set(status, sentences);
    }
  }
  const rows = [...meanings].sort().map(([status, sentences]) => [status, [...sentences].join(" ")]);
  return markdownTable(["status", "`code` and meaning"], rows);
}
