import { Command } from "commander";
import { typed } from "../../../invocation.ts";
import { loadWork } from "../../process/load-work.ts";

export function mcpCommand(): Command {
  return new Command("mcp")
    .description("serve the job service to an AI assistant as MCP tools, on stdin and stdout")
    .addHelpText(
      "after",
      `
An MCP client starts this command and gives it the environment:
  MEETBOT_API_KEY         your API key; not needed if login has kept one
  MEETBOT_API_BASE_URL    the service's address; not needed if login has kept it
  MEETBOT_API_TIMEOUT_MS  for each request; 30000 if it is not set
  DISCORD_BOT_TOKEN       the token of the bot that joins calls; not needed with a test key
  MEETBOT_WEBHOOK_SECRET  for the tool that verifies webhooks

No tool takes or returns a token or secret. docs/guide/mcp.md shows how clients are set up.

Example:
  MEETBOT_API_KEY=mb_test_… MEETBOT_API_BASE_URL=http://127.0.0.1:8080 ${typed("mcp")}`,
    )
    .action(async () => {
      const { serveMcp } = await loadWork(() => import("./run-mcp.ts"));
      await serveMcp(process.env);
    });
}
