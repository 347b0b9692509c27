import { ulid } from "ulid";
import { InputError } from "../../../errors.ts";
import type { RuleRow } from "../../ports/resident.ts";
import { quietHours } from "../domain/quiet-hours.ts";
import { ruleSentence, targetWords } from "../domain/rule-words.ts";
import { MAX_RULES, type RuleFields, type RuleTarget, readRule, ruleFields } from "../domain/rules.ts";
import { templateProblem } from "../domain/title.ts";
import { whoMay } from "../domain/who-may.ts";
import type { CommandHandler, CommandRequest } from "./request.ts";
import { idOption, mayConfigure, type RuleParts, settingsOf } from "./rule-parts.ts";

/** `/record settings add-rule`, `remove-rule` and `switch-rule`. */

export function addRule(parts: RuleParts): CommandHandler {
  return {
    run: async (request) => {
      await mayConfigure(request, parts);
      const { guildId, asker, at } = request;
      const { store, auto } = parts;
      if ((await store.rules(guildId)).length >= MAX_RULES) {
        throw new InputError(`This server has ${MAX_RULES} rules already. Remove one first.`);
      }
      const fields = fieldsOf(request, (await settingsOf(guildId, parts)).timeZone);
      const id = `rule_${ulid(at)}`;
      await store.addRule({
        ...{ id, guildId, ruleJson: JSON.stringify(fields), createdBy: asker.userId, createdAt: at, enabled: true },
      });
      await auto.rulesChanged(guildId);
      return {
        text: `Added: ${ruleSentence({ ...fields, id, enabled: true })}\n\`/record why\` says what it does now.`,
      };
    },
  };
}

export function removeRule(parts: RuleParts): CommandHandler {
  return {
    run: async (request) => {
      await mayConfigure(request, parts);
      const row = await ruleOf(request, parts);
      await parts.store.removeRule(row.id);
      await parts.auto.rulesChanged(request.guildId);
      return { text: `Removed: ${ruleSentence(readRule(row))} A recording that runs ends when everybody has left.` };
    },
    complete: async (request) => await choicesOf(request, parts),
  };
}

export function switchRule(parts: RuleParts): CommandHandler {
  return {
    run: async (request) => {
      await mayConfigure(request, parts);
      const row = await ruleOf(request, parts);
      const enabled = request.options.on === true;
      await parts.store.changeRule(row.id, { enabled });
      await parts.auto.rulesChanged(request.guildId);
      return { text: `${enabled ? "On" : "Off"}: ${ruleSentence(readRule(row))}` };
    },
    complete: async (request) => await choicesOf(request, parts),
  };
}

function fieldsOf(request: CommandRequest, zone: string): RuleFields {
  const { options } = request;
  const [from, to] = [options["quiet-from"], options["quiet-to"]];
  if ((from === undefined) !== (to === undefined))
    throw new InputError("Quiet hours need both times: quiet-from and quiet-to.");
  const hours = from === undefined ? null : quietHours.safeParse({ from, to, timeZone: zone });
  if (hours?.success === false) {
    throw new InputError("Quiet hours are two different times of day, such as 22:00 and 07:00.");
  }
  const title = idOption(request, "title");
  const problem = title === undefined ? undefined : templateProblem(title);
  if (problem !== undefined) throw new InputError(problem);
  const [role, person] = [idOption(request, "role"), idOption(request, "person")];
  return ruleFields.parse({
    target: targetOf(request),
    fromPeople: options.people,
    starters: { roleIds: role === undefined ? [] : [role], userIds: person === undefined ? [] : [person] },
    quietHours: hours?.data ?? null,
    title: title ?? null,
    announceChannelId: idOption(request, "announce") ?? null,
    returnSeconds: options["wait-seconds"],
  });
}

function targetOf(request: CommandRequest): RuleTarget {
  const [channelId, categoryId] = [idOption(request, "channel"), idOption(request, "category")];
  if (channelId !== undefined && categoryId !== undefined) {
    throw new InputError("Choose a channel or a category. Choose neither for every voice channel.");
  }
  if (channelId !== undefined) return { kind: "channel", channelId };
  return categoryId === undefined ? { kind: "server" } : { kind: "category", categoryId };
}

/** @throws InputError if the server has no such rule */
async function ruleOf(request: CommandRequest, { store }: RuleParts): Promise<RuleRow> {
  const row = await store.rule(String(request.options.rule));
  if (row === undefined || row.guildId !== request.guildId) {
    throw new InputError("There is no such rule. Choose one from the list that Discord shows.");
  }
  return row;
}

/** Names of channels, because a list of Discord shows no mentions. */
async function choicesOf(request: CommandRequest, parts: RuleParts) {
  const { guildId, asker, options } = request;
  const { store, world } = parts;
  // Its names include those of channels that not everybody sees.
  if (!whoMay("configure", asker, await settingsOf(guildId, parts), null).allowed) return [];
  const guild = world.guild(guildId);
  const typed = String(options.rule ?? "").toLowerCase();
  const named = (await store.rules(guildId)).map((row, index) => {
    const rule = readRule(row);
    const place = targetWords(rule).replaceAll(
      /<#(\d+)>/g,
      (_, id: string) => `#${guild?.channels.get(id)?.name ?? "deleted"}`,
    );
    const people = rule.fromPeople === 1 ? "1 person" : `${rule.fromPeople} people`;
    return {
      name: `${index + 1}. ${place}, from ${people} on${rule.enabled ? "" : " (off)"}`.slice(0, 100),
      value: row.id,
    };
  });
  return named.filter(({ name }) => name.toLowerCase().includes(typed)).slice(0, 25);
}
