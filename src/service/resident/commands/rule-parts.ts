import { InputError } from "../../../errors.ts";
import type { ResidentStore } from "../../ports/resident.ts";
import type { AutoRecorder } from "../auto/auto-recorder.ts";
import type { ConsentForwarder } from "../consent-forwarder.ts";
import type { GuildCache } from "../discord/guild-cache.ts";
import { type GuildSettings, readGuildSettings } from "../domain/guild-settings.ts";
import type { PoolBot } from "../domain/pool-choice.ts";
import { whoMay } from "../domain/who-may.ts";
import type { CommandRequest } from "./request.ts";

/** What the commands about rules, settings and consent need. */
export interface RuleParts {
  readonly store: Pick<
    ResidentStore,
    | "guild"
    | "changeGuild"
    | "addRule"
    | "rule"
    | "rules"
    | "changeRule"
    | "removeRule"
    | "setConsent"
    | "removeConsent"
    | "consents"
  >;
  readonly auto: Pick<AutoRecorder, "explain" | "rulesChanged">;
  readonly world: Pick<GuildCache, "guild">;
  readonly consents: Pick<ConsentForwarder, "answer">;
  /** The bots that can record, as a channel sees them. */
  readonly botsFor: (guildId: string, channelId: string) => Promise<readonly PoolBot[]>;
  /** The link with which somebody adds a bot to the server. */
  readonly invite: (botId: string) => string;
}

export async function settingsOf(guildId: string, { store }: Pick<RuleParts, "store">): Promise<GuildSettings> {
  return readGuildSettings((await store.guild(guildId))?.settingsJson ?? null);
}

/** @throws InputError with the reason for the asker */
export async function mayConfigure(
  { guildId, asker }: Pick<CommandRequest, "guildId" | "asker">,
  parts: RuleParts,
): Promise<void> {
  const may = whoMay("configure", asker, await settingsOf(guildId, parts), null);
  if (!may.allowed) throw new InputError(may.why);
}

/** The id that an option holds; undefined if it was left out. */
export function idOption({ options }: Pick<CommandRequest, "options">, name: string): string | undefined {
  const value = options[name];
  return typeof value === "string" ? value : undefined;
}
