/**
 * Finds out which bots are recorders. It looks only at accounts that Discord itself calls bots: a person is never taken
 * for a recorder, whatever their name.
 */

/** By what a bot is known to record: an id cannot be imitated, a name can. */
export type KnownBy = "id" | "name";

interface KnownRecorder {
  readonly name: string;
  /** The bot's user id, which is its application's as well for all of these. */
  readonly id?: string;
}

/** Public bots that record or transcribe voice channels, with where each is known from. */
const KNOWN_RECORDERS: readonly KnownRecorder[] = [
  // craig.chat links to top.gg and discord.bots.gg by this id (CraigChat/craig, apps/website).
  { name: "craig", id: "272937604339466240" },
  // Craig's second account, of its author's own documentation; its id is not certain.
  { name: "giarc" },
  // Its own source names the application and its top.gg page by this id (scripty-bot/scripty).
  { name: "scripty", id: "811652199100317726" },
  // Speech to text by Seasalt.ai, "SeaVoice" in its wiki; its id is not certain.
  { name: "seavoice" },
  // This worker under its own name; most run under a name of their owner's, and then only what it says counts.
  { name: "meetbot" },
  // Notetakers of other platforms, should they come here as bots.
  { name: "otter.ai" },
  { name: "fireflies" },
];

/** What bots that record say of themselves in their names. */
const TELLING_WORDS = /recorder|recording|transcri(?:be|pt)|note[ _-]?taker/;

const IDS: ReadonlySet<string> = new Set(KNOWN_RECORDERS.flatMap(({ id }) => id ?? []));
/** The name by itself or with other words or digits, such as `Craig 2`, but not inside a word, such as `craigslist`. */
const NAMES = new RegExp(
  `(?<!\\p{L})(?:${KNOWN_RECORDERS.map(({ name }) => name.replaceAll(".", "\\.")).join("|")})(?!\\p{L})`,
  "u",
);

export interface Account {
  readonly id: string;
  readonly username: string;
  readonly displayName: string;
  readonly bot: boolean;
}

/**
 * By what somebody is known to be a recorder other than ourselves.
 *
 * @returns undefined for people, for ourselves, and for bots that are not known to record
 */
export function knownAsRecorder(account: Account, selfId: string): KnownBy | undefined {
  if (!account.bot || account.id === selfId) return undefined;
  if (IDS.has(account.id)) return "id";
  const names = [account.username, account.displayName].map((name) => name.normalize("NFKC").toLowerCase());
  return names.some((name) => NAMES.test(name) || TELLING_WORDS.test(name)) ? "name" : undefined;
}
