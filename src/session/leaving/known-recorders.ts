/**
 * Finds out which bots are recorders. It checks only accounts that Discord marks as bots, so a person never counts as a
 * recorder, whatever their name.
 */

/** How a recording bot is recognised: an id cannot be imitated, a name can. */
export type KnownBy = "id" | "name";

interface KnownRecorder {
  readonly name: string;
  /** The bot's user id, which for all of these is also the application's id. */
  readonly id?: string;
}

/** Public bots that record or transcribe voice channels, with where each is known from. */
const KNOWN_RECORDERS: readonly KnownRecorder[] = [
  // craig.chat links to top.gg and discord.bots.gg by this id (CraigChat/craig, apps/website).
  { name: "craig", id: "272937604339466240" },
  // Craig's second account, from its author's documentation; its id is not certain.
  { name: "giarc" },
  // Its own source names the application and its top.gg page by this id (scripty-bot/scripty).
  { name: "scripty", id: "811652199100317726" },
  // Speech to text by Seasalt.ai, "SeaVoice" in its wiki; its id is not certain.
  { name: "seavoice" },
  // This worker under its own name. Most run under their owner's name, and then only the words in the name count.
  { name: "meetbot" },
  // Notetakers of other platforms, in case they join as bots.
  { name: "otter.ai" },
  { name: "fireflies" },
];

/** Words in the names of bots that record. */
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
 * How an account is recognised as another recorder.
 *
 * @returns undefined for people, for ourselves, and for bots that are not known to record
 */
export function knownAsRecorder(account: Account, selfId: string): KnownBy | undefined {
  if (!account.bot || account.id === selfId) return undefined;
  if (IDS.has(account.id)) return "id";
  const names = [account.username, account.displayName].map((name) => name.normalize("NFKC").toLowerCase());
  return names.some((name) => NAMES.test(name) || TELLING_WORDS.test(name)) ? "name" : undefined;
}
