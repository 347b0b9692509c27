/** The unmodified Dysnomia as a bot with commands. Prints one JSON object a line, and ends when its standard input does. */
import { Client, Constants } from "@projectdysnomia/dysnomia";
import { COMMANDS, EMBED, MODAL, PANEL } from "./bot-commands.mjs";

const { DISCORD_BOT_TOKEN, MEETBOT_DISCORD_API } = process.env;
const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const api = new URL(MEETBOT_DISCORD_API);
const { InteractionTypes } = Constants;
const ephemeral = { flags: 64 };
const client = new Client(`Bot ${DISCORD_BOT_TOKEN}`, {
  gateway: { intents: ["guilds"] },
  rest: { https: false, domain: api.hostname, port: api.port, baseURL: `${api.pathname}/v10` },
});
client.on("error", (error) => print({ type: "error", message: error.message }));

const commands = {
  open: async (interaction, options) => {
    const value = (name) => options.find((option) => option.name === name)?.value;
    const { resolved } = interaction.data;
    const [where, who] = [resolved.channels.get(value("where")), resolved.users?.get(value("who"))];
    await interaction.defer();
    const content = `${where.name} ${who?.username} ${value("count") ?? null} ${value("title") ?? null}`;
    await interaction.editOriginalMessage({ content, embeds: [EMBED], components: PANEL });
    const { id } = await interaction.getOriginalMessage();
    const told = await interaction.createFollowup({ content: `Only you see this, not ${id}`, ...ephemeral });
    const passing = await interaction.createFollowup({ content: "passing", ...ephemeral });
    await interaction.editMessage(told.id, "Only you see this");
    await interaction.deleteMessage(passing.id);
    print({ type: "opened" });
  },
  show: async (interaction) => {
    await interaction.createMessage({ content: "No rules", ...ephemeral });
    const message = await interaction.getOriginalMessage();
    print({ type: "replied", hidden: (message.flags & 64) !== 0 });
  },
  Wave: (interaction) => {
    const { resolved, target_id: targetId } = interaction.data;
    return interaction.createMessage(`👋 ${resolved.users.get(targetId).username}`);
  },
  slow: async (interaction) => {
    await new Promise((resolve) => setTimeout(resolve, Number(process.env.SLOW_MS)));
    await interaction.createMessage("late");
  },
  twice: async (interaction) => {
    await interaction.createMessage("once");
    await client.createInteractionResponse(interaction.id, interaction.token, { type: 4, data: { content: "twice" } });
  },
};
const components = {
  close: (interaction) => interaction.editParent({ content: "closed", components: [] }),
  note: (interaction) => interaction.createModal(MODAL),
  size: async (interaction) => {
    await interaction.deferUpdate();
    await interaction.editOriginalMessage({ content: `size ${interaction.data.values[0]}` });
  },
  "note form": (interaction) => {
    const [{ components: fields }] = interaction.data.components;
    return interaction.createMessage({ content: `Noted: ${fields[0].value}`, ...ephemeral });
  },
};

/** The innermost sub-command's name and options. */
function chosen({ name, options = [] }) {
  const inner = options.find(({ type }) => type <= 2);
  return inner ? chosen(inner) : { name, options };
}
client.on("interactionCreate", async (interaction) => {
  try {
    const { type, data } = interaction;
    const { name, options } = chosen(data);
    if (type === InteractionTypes.APPLICATION_COMMAND_AUTOCOMPLETE) {
      const typed = options.find(({ focused }) => focused).value;
      await interaction.result(["Standup", "Retro"].map((title) => ({ name: `${typed}${title}`, value: title })));
    } else if (type === InteractionTypes.APPLICATION_COMMAND) await commands[name](interaction, options);
    else await components[data.custom_id](interaction);
  } catch (error) {
    print({ type: "refused", code: error.code ?? String(error) });
  }
});
await Promise.all([new Promise((resolve) => client.once("ready", resolve)), client.connect()]);
const registered = await client.bulkEditCommands(COMMANDS);
print({ type: "ready", names: registered.map(({ name }) => name) });

process.stdin.resume();
process.stdin.once("end", () => client.disconnect({ reconnect: false }));
