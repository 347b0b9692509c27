import { InputError } from "../errors.ts";
import { nearestName } from "../settings/nearest-name.ts";

/**
 * Since `record` need not be named, a mistyped command would be taken for its channel.
 *
 * @param args as given on the command line
 * @throws InputError if the first is a word that is no command
 */
export function expectKnownCommand(args: readonly string[], names: readonly string[]): void {
  const [word = ""] = args;
  if (!/^[a-z][a-z-]*$/i.test(word) || names.includes(word) || word === "help") return;
  const meant = nearestName(word, names);
  throw new InputError(
    meant === undefined
      ? `"${word}" is neither a command nor a channel, expected ${names.join(", ")}, or discord://GUILD_ID/CHANNEL_ID`
      : `"${word}" is no command; did you mean ${meant}?`,
  );
}
