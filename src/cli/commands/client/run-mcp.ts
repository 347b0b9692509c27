import { serveTools } from "../../../mcp/server.ts";
import { Redactor } from "../../../redactor.ts";
import { clientOf, variableOf } from "../../client/environment.ts";
import { endWith } from "../../client/outcome.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Serves the MCP tools with what the environment gives. Sets the exit code that all commands of the client have. */
export async function serveMcp(env: Environment): Promise<void> {
  await endWith(async () => {
    await serve(env);
    return undefined;
  });
}

/** @throws InputError that names the variable */
async function serve(env: Environment): Promise<void> {
  const { meetbot, isTestKey, secrets } = await clientOf(env);
  const botToken = variableOf(env.DISCORD_BOT_TOKEN);
  const webhookSecret = variableOf(env.MEETBOT_WEBHOOK_SECRET);
  const all = [...secrets, botToken, webhookSecret].filter((secret) => secret !== undefined);
  const redactor = new Redactor(all);
  await serveTools({ meetbot, isTestKey, botToken, webhookSecret, redact: (text) => redactor.redact(text) });
}
