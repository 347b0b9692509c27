/** A voice channel. */
export interface Place {
  readonly guildId: string;
  readonly channelId: string;
}

/** Discord's ids are snowflakes: 64 bits with a time in them, 17 to 20 digits since 2015. */
const ID = String.raw`(\d{17,20})`;
/** The hosts in Discord's links to a channel or message; the canary and public test builds have their own. */
const LINK = new RegExp(
  String.raw`^(?:https?:\/\/)?(?:(?:www|ptb|canary)\.)?discord(?:app)?\.com\/channels\/${ID}\/${ID}(?:\/\d*)*\/?(?:[?#].*)?$`,
  "i",
);
/** The scheme that opens the desktop app. */
const APP_LINK = new RegExp(String.raw`^discord:\/\/(?:-|discord\.com)?\/channels\/${ID}\/${ID}(?:\/\d*)*\/?$`, "i");
const ADDRESS = new RegExp(String.raw`^discord:\/\/${ID}\/${ID}\/?$`, "i");
const TWO_IDS = new RegExp(String.raw`^${ID}(?:\s*[/,]\s*|\s+)${ID}$`);

/**
 * Parses `discord://GUILD_ID/CHANNEL_ID`, a link from Discord's "Copy Link", or two ids with a space or a slash between
 * them. It may be in angle brackets, which suppress Discord's preview.
 *
 * @returns undefined for anything else
 */
export function channelPlace(text: string): Place | undefined {
  const bare = text
    .trim()
    .replace(/^<(.*)>$/, "$1")
    .trim();
  for (const form of [ADDRESS, LINK, APP_LINK, TWO_IDS]) {
    const [, guildId, channelId] = form.exec(bare) ?? [];
    if (guildId !== undefined && channelId !== undefined) return { guildId, channelId };
  }
  return undefined;
}
