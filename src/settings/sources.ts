import { type GivenRows, isGiven, readEnvironment, readSettingsFile, type SettingTable } from "./read-rows.ts";
import { SETTINGS, type SettingName } from "./settings.ts";

/** Raw settings with their sources; undefined for a secret's file that could not be read. */
export type GivenSettings = GivenRows<SettingName>;

export interface ConfigSources {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Path of a JSON file with the same settings; the environment overrides it. */
  readonly file?: string | undefined;
  /** Overrides everything, like a command line argument. */
  readonly meetingUrl?: string | undefined;
}

/** Variables of the job service, which may be set where a worker is started by hand. */
const SERVICE_PREFIX = "MEETBOT_SERVICE_";

const TABLE: SettingTable<SettingName> = {
  rows: SETTINGS,
  isOurs: (variable) => variable.startsWith("MEETBOT_") && !variable.startsWith(SERVICE_PREFIX),
  page: "docs/reference/settings.md",
};

/** Collects the settings from the least to the most important source. Errors are added to `problems`. */
export function readSources(sources: ConfigSources, problems: string[]): GivenSettings {
  const { environment, file, meetingUrl } = sources;
  const raw: GivenSettings = new Map();
  if (file !== undefined) readSettingsFile(file, TABLE, raw, problems);
  // A channel in the environment overrides one in the file, in either form.
  if (isGiven(environment.MEETBOT_MEETING_URL)) {
    raw.delete("DISCORD_GUILD_ID");
    raw.delete("DISCORD_CHANNEL_ID");
  }
  if (isGiven(environment.DISCORD_GUILD_ID) || isGiven(environment.DISCORD_CHANNEL_ID)) {
    raw.delete("MEETBOT_MEETING_URL");
  }
  readEnvironment(environment, TABLE, raw, problems);
  if (meetingUrl !== undefined) {
    raw.set("MEETBOT_MEETING_URL", { value: meetingUrl, origin: "the channel to record" });
    raw.delete("DISCORD_GUILD_ID");
    raw.delete("DISCORD_CHANNEL_ID");
  }
  return raw;
}
