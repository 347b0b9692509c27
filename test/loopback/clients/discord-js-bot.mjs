/** The unmodified discord.js as a bot with commands. Prints one JSON object a line, and ends when its standard input does. */
import { Client, Events, GatewayIntentBits, MessageFlags } from "discord.js";
import { COMMANDS, EMBED, MODAL, PANEL } from "./bot-commands.mjs";

const { DISCORD_BOT_TOKEN, MEETBOT_DISCORD_API } = process.env;
const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const ephemeral = { flags: MessageFlags.Ephemeral };
const client = new Client({ rest: { api: MEETBOT_DISCORD_API }, intents: [GatewayIntentBits.Guilds] });

const commands = {
  open: async (interaction) => {
    const { options } = interaction;
    const [where, who, count] = [options.getChannel("where"), options.getUser("who"), options.getInteger("count")];
    await interaction.deferReply();
    const content = `${where.name} ${who?.username} ${count} ${options.getString("title")}`;
    await interaction.editReply({ content, embeds: [EMBED], components: PANEL });
    const { id } = await interaction.fetchReply();
    const told = await interaction.followUp({ content: `Only you see this, not ${id}`, ...ephemeral });
    const passing = await interaction.followUp({ content: "passing", ...ephemeral });
    await interaction.editReply({ content: "Only you see this", message: told });
    await interaction.deleteReply(passing);
    print({ type: "opened" });
  },
  show: async (interaction) => {
    const response = await interaction.reply({ content: "No rules", withResponse: true, ...ephemeral });
    print({ type: "replied", hidden: response.interaction.responseMessageEphemeral });
  },
  Wave: (interaction) => interaction.reply(`👋 ${interaction.targetUser.username}`),
  slow: async (interaction) => {
    await new Promise((resolve) => setTimeout(resolve, Number(process.env.SLOW_MS)));
    await interaction.reply("late");
  },
  twice: async (interaction) => {
    await interaction.reply("once");
    await client.rest.post(`/interactions/${interaction.id}/${interaction.token}/callback`, {
      body: { type: 4, data: { content: "twice" } },
      auth: false,
    });
  },
};
const components = {
  close: (interaction) => interaction.update({ content: "closed", components: [] }),
  note: (interaction) => interaction.showModal(MODAL),
  size: async (interaction) => {
    await interaction.deferUpdate();
    await interaction.editReply({ content: `size ${interaction.values[0]}` });
  },
  "note form": (interaction) =>
    interaction.reply({ content: `Noted: ${interaction.fields.getTextInputValue("text")}`, ...ephemeral }),
};

client.on(Events.InteractionCreate, async (interaction) => {
  try {
    if (interaction.isAutocomplete()) {
      const typed = interaction.options.getFocused();
      await interaction.respond(["Standup", "Retro"].map((name) => ({ name: `${typed}${name}`, value: name })));
    } else if (interaction.isCommand()) {
      const name = interaction.isChatInputCommand() ? interaction.options.getSubcommand(false) : null;
      await commands[name ?? interaction.commandName](interaction);
    } else await components[interaction.customId](interaction);
  } catch (error) {
    print({ type: "refused", code: error.code ?? String(error) });
  }
});
await Promise.all([
  new Promise((resolve) => client.once(Events.ClientReady, resolve)),
  client.login(DISCORD_BOT_TOKEN),
]);
const registered = await client.application.commands.set(COMMANDS);
print({ type: "ready", names: registered.map(({ name }) => name) });

process.stdin.resume();
process.stdin.once("end", () => client.destroy());
