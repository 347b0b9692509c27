import type * as z from "zod";
import type { MeetBot } from "../sdk/index.ts";
import { fields, form } from "../service/api/schemas/fields.ts";

/** What the environment gives to the tools. No tool takes or returns any of the secrets. */
export interface ToolContext {
  readonly meetbot: MeetBot;
  /** Whether jobs play recorded calls, so that no bot is needed. */
  readonly isTestKey: boolean;
  readonly botToken: string | undefined;
  readonly webhookSecret: string | undefined;
}

/** What a client may assume of a tool (MCP, "Tool annotations"). */
export interface ToolHints {
  readonly readOnlyHint: boolean;
  readonly destructiveHint: boolean;
  readonly idempotentHint: boolean;
  readonly openWorldHint: boolean;
}

export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly hints: ToolHints;
  readonly input: z.ZodType;
  readonly output: z.ZodType;
  /**
   * @param input what the model gave
   * @throws z.ZodError if it is not what `input` accepts, MeetbotError, or ToolError
   */
  call(context: ToolContext, input: unknown, signal: AbortSignal): Promise<object>;
}

/** A tool cannot do it; the message says what to do instead. */
export class ToolError extends Error {
  override readonly name = "ToolError";
}

interface ToolParts<Input extends z.ZodType, Output extends z.ZodType<object, object>>
  extends Omit<Tool, "input" | "output" | "call"> {
  readonly input: Input;
  readonly output: Output;
  readonly run: (context: ToolContext, input: z.output<Input>, signal: AbortSignal) => Promise<z.input<Output>>;
}

export function defineTool<Input extends z.ZodType, Output extends z.ZodType<object, object>>({
  run,
  ...parts
}: ToolParts<Input, Output>): Tool {
  return { ...parts, call: async (context, input, signal) => await run(context, parts.input.parse(input), signal) };
}

/** It changes nothing. */
export const READS: ToolHints = {
  ...{ readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: true },
};

/** It changes something that can be changed back, and doing it twice is doing it once. */
export const CHANGES: ToolHints = { ...READS, readOnlyHint: false };

/** What it ends or deletes does not come back. */
export const ENDS: ToolHints = { ...CHANGES, destructiveHint: true };

/** Each call does it again. */
export const ADDS: ToolHints = { ...CHANGES, idempotentHint: false };

/** The job that a tool is about. */
export const jobInput = fields({
  id: form(/^(?!\.{1,2}$)[\w.:@=+-]{1,128}$/, "a job's id such as job_01HX9N8K0000000000000000AB; list_bots has them"),
});
