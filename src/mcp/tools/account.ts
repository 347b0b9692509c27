import * as z from "zod";
import { verifyWebhookSignature } from "../../sdk/index.ts";
import { consumer } from "../../service/api/schemas/account.ts";
import { fields } from "../../service/api/schemas/fields.ts";
import { defineTool, READS, type Tool, ToolError } from "../tool.ts";

/** Whose key it is, and whether a webhook is genuine. */

const getConsumer = defineTool({
  name: "get_consumer",
  title: "Whose API key it is",
  description: "Read whose API key this server has, whether it is for tests, and its limits.",
  hints: READS,
  input: fields({}),
  output: consumer,
  run: async ({ meetbot }, _input, signal) => await meetbot.getConsumer({ signal }),
});

const raw = z.string({ error: "expected the raw body as text, exactly as it arrived" });
const header = z.string({ error: "expected the text of the header x-meetbot-signature, such as sha256=…" });

const verifyWebhook = defineTool({
  name: "verify_webhook_signature",
  title: "Verify a webhook",
  description:
    "Check whether a webhook is genuine, without any request. Give body as the raw text that arrived, not as parsed and printed JSON, and header as the value of x-meetbot-signature. The secret comes from the environment of this server.",
  hints: { ...READS, openWorldHint: false },
  input: fields({
    body: raw.meta({ description: "the raw body as text" }),
    header: header.meta({ description: "the value of x-meetbot-signature" }),
  }),
  output: z.object({ valid: z.boolean() }),
  run: async ({ webhookSecret: secret }, given) => {
    if (secret !== undefined) return { valid: verifyWebhookSignature({ ...given, secret }) };
    throw new ToolError(
      "No webhook secret is set. Ask the person to set MEETBOT_WEBHOOK_SECRET in the environment of this MCP server, in the client's configuration, and to start it again. Do not ask for the secret itself.",
    );
  },
});

export const ACCOUNT_TOOLS: readonly Tool[] = [getConsumer, verifyWebhook];
