import { serveTools } from "../../mcp/server.ts";
import { Redactor } from "../../redactor.ts";
import { clientOf } from "../client/environment.ts";

/** Serves the MCP tools with what the environment gives. @throws InputError that names the variable */
export async function serveMcp(env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const { meetbot, isTestKey, secrets } = await clientOf(env);
  const botToken = given(env.DISCORD_BOT_TOKEN);
  const webhookSecret = given(env.MEETBOT_WEBHOOK_SECRET);
  const all = [...secrets, botToken, webhookSecret].filter((secret) => secret !== undefined);
  const redactor = new Redactor(all);
  await serveTools({ meetbot, isTestKey, botToken, webhookSecret, redact: (text) => redactor.redact(text) });
}

function given(value: string | undefined): string | undefined {
  const text = value?.trim();
  return text === "" ? undefined : text;
}
