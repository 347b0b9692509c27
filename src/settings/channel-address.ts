/** A voice channel. */
export interface Place {
  readonly guildId: string;
  readonly channelId: string;
}

/** Discord's ids are snowflakes: 64 bits with a time in them, 17 to 20 digits since 2015. */
const ID = String.raw`(\d{17,20})`;
/** What Discord's apps give as a link to a channel or to a message in it; the canary and public test builds have names of their own. */
const LINK = new RegExp(
  String.raw`^(?:https?:\/\/)?(?:(?:www|ptb|canary)\.)?discord(?:app)?\.com\/channels\/${ID}\/${ID}(?:\/\d*)*\/?(?:[?#].*)?$`,
  "i",
);
/** What the desktop app is opened with. */
const APP_LINK = new RegExp(String.raw`^discord:\/\/(?:-|discord\.com)?\/channels\/${ID}\/${ID}(?:\/\d*)*\/?$`, "i");
const ADDRESS = new RegExp(String.raw`^discord:\/\/${ID}\/${ID}\/?$`, "i");
const TWO_IDS = new RegExp(String.raw`^${ID}(?:\s*[/,]\s*|\s+)${ID}$`);

/**
 * The channel that somebody means by `discord://GUILD_ID/CHANNEL_ID`, by a link that Discord's "Copy Link" gives, or by two
 * ids with a space or a slash between them. Angle brackets, which keep Discord from showing a preview, may be around it.
 *
 * @returns undefined if it is none of these
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
