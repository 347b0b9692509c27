import { REST } from "@discordjs/rest";
import { describe, expect, it } from "vitest";
import { registration } from "../../../../src/service/resident/commands/table.ts";
import { registerCommand } from "../../../../src/service/resident/discord/register-commands.ts";
import { testLoopback } from "../../../support/test-loopback.ts";
import { GUILD_ID } from "../../../support/tone-call.ts";

/** The loopback refuses names, texts and translations that Discord would refuse. */
async function registrar(command = registration([])) {
  const loopback = await testLoopback();
  const rest = new REST({ api: loopback.restUrl }).setToken(loopback.token);
  const written = () =>
    loopback.log.flatMap((event) => (event.kind === "rest" && event.method === "POST" ? [event.path] : []));
  const register = (guildIds: readonly string[], changed = command) =>
    registerCommand({ rest, applicationId: loopback.botUserId, command: changed, guildIds });
  return { register, written, command, rest, loopback };
}

describe("the commands", () => {
  it("are registered for all servers and for named ones, and again only if they are others", async () => {
    const { register, written, command } = await registrar();
    expect(await register([GUILD_ID])).toEqual({ changed: ["global", GUILD_ID], failed: [] });
    expect(await register([GUILD_ID])).toEqual({ changed: [], failed: [] });
    expect(written()).toHaveLength(2);
    const [start, ...others] = command.options ?? [];
    if (start === undefined) throw new Error("no sub-command");
    const renamed = { ...start, description_localizations: { ...start.description_localizations, de: "Anders" } };
    expect(await register([], { ...command, options: [renamed, ...others] })).toEqual({
      changed: ["global"],
      failed: [],
    });
    expect(await register([], { ...command, options: [renamed, ...others.slice(1)] })).toMatchObject({
      changed: ["global"],
    });
  });

  it("stay next to other commands of the bot, and are missing only where the bot is not", async () => {
    const { register, rest, loopback } = await registrar();
    const path = `/applications/${loopback.botUserId}/commands` as const;
    await rest.post(path, { body: { name: "other", description: "Another program's" } });
    const { changed, failed } = await register(["100000000000000099"]);
    expect(changed).toEqual(["global"]);
    expect(failed).toMatchObject([{ guildId: "100000000000000099", error: { code: 50001 } }]);
    expect(await rest.get(path)).toMatchObject([{ name: "other" }, { name: "record" }]);
  });
});
