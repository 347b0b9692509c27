import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import {
  CallToolRequestSchema,
  type CallToolResult,
  type Tool as ListedTool,
  ListToolsRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import * as z from "zod";
import { nearestName } from "../settings/nearest-name.ts";
import { usePlainWords } from "../text/plain-issues.ts";
import { SOFTWARE } from "../version.ts";
import { explain } from "./failure.ts";
import { withPlainError } from "./plain-errors.ts";
import type { Tool, ToolContext } from "./tool.ts";
import { ACCOUNT_TOOLS } from "./tools/account.ts";
import { BOT_TOOLS } from "./tools/bots.ts";
import { CONTROL_TOOLS } from "./tools/control.ts";
import { RECORDING_TOOLS } from "./tools/recordings.ts";

const TOOLS: readonly Tool[] = [...BOT_TOOLS, ...CONTROL_TOOLS, ...RECORDING_TOOLS, ...ACCOUNT_TOOLS];
const BY_NAME = new Map(TOOLS.map((tool) => [tool.name, tool]));

const INSTRUCTIONS =
  "Records Discord voice channels. dispatch_bot sends a bot and answers a job; its id is for the other tools. A job is over when its status is completed, failed or cancelled; get_recording then has its files. No tool takes a token or secret.";

export interface McpOptions extends ToolContext {
  /** Takes secrets out of text. */
  readonly redact: (text: string) => string;
}

/**
 * Serves the tools on stdin and stdout until stdin ends. Nothing else may write to stdout.
 *
 * The low-level server is used because the other one explains wrong arguments as JSON of its validator.
 */
export async function serveTools(options: McpOptions): Promise<void> {
  usePlainWords();
  const server = new Server(
    { name: SOFTWARE.name, version: SOFTWARE.version },
    { capabilities: { tools: {} }, instructions: INSTRUCTIONS },
  );
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: TOOLS.map(listed) }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal }) => {
    return await callTool(params.name, params.arguments ?? {}, options, signal);
  });
  const closed = new Promise<void>((resolve) => {
    server.onclose = resolve;
  });
  const transport = new StdioServerTransport();
  const send = transport.send.bind(transport);
  transport.send = (message) => send(withPlainError(message));
  await server.connect(transport);
  // The transport does not look at the end of its input.
  process.stdin.once("end", () => void server.close());
  await closed;
}

async function callTool(
  name: string,
  input: unknown,
  { redact, ...context }: McpOptions,
  signal: AbortSignal,
): Promise<CallToolResult> {
  try {
    const tool = BY_NAME.get(name);
    if (tool === undefined) return failed(`There is no tool ${name}. ${nearest(name)}`, redact);
    const text = redact(JSON.stringify(await tool.call(context, input, signal)));
    return { content: [{ type: "text", text }], structuredContent: JSON.parse(text) };
  } catch (error) {
    return failed(explain(error), redact);
  }
}

function failed(text: string, redact: (text: string) => string): CallToolResult {
  return { isError: true, content: [{ type: "text", text: redact(text) }] };
}

function nearest(name: string): string {
  const names = [...BY_NAME.keys()];
  const meant = nearestName(name, names);
  return meant === undefined ? `There are ${names.join(", ")}.` : `Did you mean ${meant}?`;
}

function listed({ name, title, description, hints, input, output }: Tool): ListedTool {
  return {
    ...{ name, title, description },
    annotations: { title, ...hints },
    inputSchema: schemaOf(input),
    outputSchema: schemaOf(output),
  };
}

/** A newer service may answer with more fields, so outputs are described as what is accepted. */
function schemaOf(schema: z.ZodType): ListedTool["inputSchema"] {
  const { $schema: _, ...described } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  return { ...described, type: "object" } as ListedTool["inputSchema"];
}
