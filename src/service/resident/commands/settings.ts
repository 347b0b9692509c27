import { InputError } from "../../../errors.ts";
import { ACTIONS, type GuildSettings, readGuildSettings } from "../domain/guild-settings.ts";
import { timeZone } from "../domain/quiet-hours.ts";
import { ruleSentence, staleParts } from "../domain/rule-words.ts";
import { type AutoRecordRule, readRule } from "../domain/rules.ts";
import { whoMayWords } from "../domain/who-may.ts";
import type { Answer, Choice, CommandHandler, CommandRequest } from "./request.ts";
import { idOption, mayConfigure, type RuleParts, settingsOf } from "./rule-parts.ts";

/** `/record settings show`, `set` and `roles`. */

/** Discord's limit of roles for one choice is ours too. */
const MAX_ROLES = 25;

export function showSettings(parts: RuleParts): CommandHandler {
  return { run: async (request) => await overview(request, parts) };
}

export function setSettings(parts: RuleParts): CommandHandler {
  return {
    run: async (request) => {
      await mayConfigure(request, parts);
      const change = changeOf(request);
      if (Object.keys(change).length === 0)
        throw new InputError("Choose what to change: each field of this command is one setting.");
      await changeSettings(request, parts, (settings) => ({ ...settings, ...change }));
      return await overview(request, parts);
    },
    complete: async ({ options, focused }) =>
      focused === "time-zone" ? zones(String(options["time-zone"] ?? "")) : [],
  };
}

export function setRoles(parts: RuleParts): CommandHandler {
  return {
    run: async (request) => {
      await mayConfigure(request, parts);
      const action = ACTIONS.find((candidate) => candidate === request.options.may);
      const role = idOption(request, "role");
      if (action === undefined || role === undefined) throw new InputError("Choose a role, and what it may do.");
      await changeSettings(request, parts, (settings) => {
        const others = settings.roles[action].filter((id) => id !== role);
        const roles = request.options.remove === true ? others : [...others, role];
        if (roles.length > MAX_ROLES) throw new InputError(`There are ${MAX_ROLES} roles for this already.`);
        return { ...settings, roles: { ...settings.roles, [action]: roles } };
      });
      return await overview(request, parts);
    },
  };
}

function changeOf(request: CommandRequest): Partial<GuildSettings> {
  const { options } = request;
  const zone = options["time-zone"];
  if (zone !== undefined && !timeZone.safeParse(zone).success) {
    throw new InputError('There is no such time zone. Names are like "Europe/Berlin" or "America/New_York".');
  }
  const announce = idOption(request, "announce");
  return {
    ...(options.consent === undefined ? {} : { consent: options.consent as GuildSettings["consent"] }),
    ...(options.language === undefined ? {} : { language: options.language as GuildSettings["language"] }),
    ...(zone === undefined ? {} : { timeZone: String(zone) }),
    ...(options["announce-in-call"] === true ? { announceChannelId: null } : {}),
    ...(announce === undefined ? {} : { announceChannelId: announce }),
  };
}

async function changeSettings(
  { guildId, at }: CommandRequest,
  { store }: RuleParts,
  change: (settings: GuildSettings) => GuildSettings,
): Promise<void> {
  await store.changeGuild(guildId, at, (json) => {
    const next = JSON.stringify(change(readGuildSettings(json ?? null)));
    // What was chosen has to be readable again.
    readGuildSettings(next);
    return next;
  });
}

const CONSENT_WORDS: Readonly<Record<GuildSettings["consent"], string>> = {
  none: "Nothing is posted when a recording starts.",
  notice: "A message is posted when a recording starts.",
  "opt-out": "A message with a button to refuse is posted when a recording starts.",
  "opt-in": "Only those who press Allow are recorded.",
};

/** Everything about the server, for somebody who reads it on a phone. */
async function overview({ guildId, channelId }: CommandRequest, parts: RuleParts): Promise<Answer> {
  const settings = await settingsOf(guildId, parts);
  const rules = (await parts.store.rules(guildId)).map(readRule);
  const { announceChannelId, language, timeZone: zone } = settings;
  const isGone = announceChannelId !== null && parts.world.guild(guildId)?.channels.has(announceChannelId) === false;
  const announce = announceChannelId === null ? "in the voice channel's own chat" : `in <#${announceChannelId}>`;
  return {
    text: bounded([
      "**How this server is recorded**",
      CONSENT_WORDS[settings.consent],
      `Links are posted ${announce}.${isGone ? " That channel was deleted, so they are posted in the voice channel's own chat." : ""}`,
      `Language of panel and notice: ${language === "de" ? "German" : "English"}. Time zone: ${zone}.`,
      ...ACTIONS.map((action) => `${MAY[action]}: ${whoMayWords(action, settings)}.`),
      ...(await botLines(guildId, channelId, parts)),
      `**Rules** ${rules.length === 0 ? "None: nothing is recorded without a command." : ""}`.trimEnd(),
      ...rules.flatMap((rule, index) => ruleLines(rule, index, guildId, parts)),
    ]),
  };
}

/** With a pool: which bots are members, and the links of the others. */
async function botLines(guildId: string, channelId: string, { botsFor, invite }: RuleParts): Promise<string[]> {
  const bots = await botsFor(guildId, channelId);
  if (bots.length < 2) return [];
  const [members, absent] = [bots.filter(({ isMember }) => isMember), bots.filter(({ isMember }) => !isMember)];
  const names = members.map(({ name }) => name).join(", ");
  return [
    `Bots that can record here at the same time: ${names === "" ? "none" : names}.`,
    ...absent.map(({ name, botId }) => `${name} is not a member of this server. Add it: ${invite(botId)}`),
  ];
}

const MAY: Readonly<Record<(typeof ACTIONS)[number], string>> = {
  start: "Recordings are started by",
  stop: "They are stopped by",
  get: "Links are for",
  configure: "Settings are changed by",
};

function ruleLines(rule: AutoRecordRule, index: number, guildId: string, { world }: RuleParts): string[] {
  const guild = world.guild(guildId);
  const stale =
    guild === undefined
      ? []
      : staleParts(rule, { channelIds: new Set(guild.channels.keys()), roleIds: new Set(guild.roles.keys()) });
  return [`${index + 1}. ${rule.enabled ? "" : "(off) "}${ruleSentence(rule)}`, ...stale.map((line) => `⚠️ ${line}`)];
}

/** Discord shows at most 2,000 characters. */
function bounded(lines: readonly string[]): string {
  const limit = 1_900;
  let shown = "";
  for (const [index, line] of lines.entries()) {
    if (shown.length + line.length > limit) return `${shown}\n… and ${lines.length - index} more lines.`;
    shown = shown === "" ? line : `${shown}\n${line}`;
  }
  return shown;
}

function zones(typed: string): Choice[] {
  const wanted = typed.toLowerCase().replaceAll(" ", "_");
  return [...Intl.supportedValuesOf("timeZone"), "UTC"]
    .filter((zone) => zone.toLowerCase().includes(wanted))
    .slice(0, 25)
    .map((zone) => ({ name: zone, value: zone }));
}
