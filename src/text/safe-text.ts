/** Names and other text of strangers, made safe for a terminal, a tag or the name of a file. Pure. */

/** The replacement for each removed character. */
const REPLACEMENT = "\ufffd";
/**
 * Characters that a terminal or an editor interprets instead of showing them. These are controls (C0, C1, DEL), line
 * and paragraph separators, lone surrogates, and characters to which Unicode gives no meaning. Format characters belong
 * to them too, such as the marks that turn the direction of writing (Unicode UAX #9). The two joiners stay: emoji and
 * Indic scripts need them.
 */
const TERMINAL_CONTROLS = /[\p{Cc}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu;
const CONTROLS = /[\p{Cc}\p{Cs}]/gu;

/** Discord's own limits are 32 for people and 100 for servers and channels. */
const MAX_NAME_CHARACTERS = 100;

/** Text for one line of a terminal. */
export function printable(text: string): string {
  return text.replaceAll(TERMINAL_CONTROLS, REPLACEMENT);
}

/** The same for text of several lines: line ends stay, so only text that we have put together may come here. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

/** A name without control characters, at most 100 Unicode characters long. */
export function boundedName(name: string, maxCharacters = MAX_NAME_CHARACTERS): string {
  // A code point takes one or two UTF-16 units, so nothing after twice as many can be needed.
  const characters = [...name.slice(0, 2 * maxCharacters + 2)];
  const cut = characters.length <= maxCharacters ? name : `${characters.slice(0, maxCharacters - 1).join("")}…`;
  return withoutControls(cut);
}

/** A name of any length, each of its control characters replaced. */
export function withoutControls(name: string): string {
  return name.replaceAll(CONTROLS, REPLACEMENT);
}

/** The longest prefix of a text, in whole Unicode characters, that fits into this many bytes of UTF-8. */
export function cutToBytes(text: string, maxBytes: number): string {
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += utf8Bytes(character.codePointAt(0) ?? 0);
    if (bytes > maxBytes) return text.slice(0, end);
    end += character.length;
  }
  return text;
}

/** RFC 3629 §3. A lone surrogate is written as the replacement character, which takes 3 bytes too. */
function utf8Bytes(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x1_0000 ? 3 : 4;
}
