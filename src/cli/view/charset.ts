/** Characters that the view and the tables are drawn with, and their replacements on a terminal with only ASCII. */
const IN_ASCII: Readonly<Record<string, string>> = { "─": "-", "━": "#", "●": "*", "·": ".", "…": "~" };

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/**
 * Whether a terminal shows more than ASCII, by its locale (POSIX XBD 8.2). Without a locale most terminals do.
 *
 * @param environment of the process
 */
export function isUnicode(environment: Readonly<Record<string, string | undefined>>): boolean {
  const locale = environment.LC_ALL || environment.LC_CTYPE || environment.LANG;
  return locale === undefined || locale === "" || /utf-?8/i.test(locale);
}

/** The text in ASCII, with a question mark for each character that ASCII does not have. */
export function asciiOf(text: string): string {
  return [...graphemes.segment(text)]
    .map(({ segment }) => (/^[\n\x20-\x7e]+$/.test(segment) ? segment : (IN_ASCII[segment] ?? "?")))
    .join("");
}

/** Text for standard output or standard error, in characters that this terminal can show. */
export function shownText(text: string): string {
  return isUnicode(process.env) ? text : asciiOf(text);
}
