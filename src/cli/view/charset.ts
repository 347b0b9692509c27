/** What the view and the tables are drawn with, and what stands for it where only ASCII can be shown. */
const IN_ASCII: Readonly<Record<string, string>> = { "─": "-", "━": "#", "●": "*", "·": ".", "…": "~" };

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/**
 * Whether a terminal shows more than ASCII, by the locale that is named (POSIX XBD 8.2). If none is named, most do.
 *
 * @param environment of the process
 */
export function isUnicode(environment: Readonly<Record<string, string | undefined>>): boolean {
  const locale = environment.LC_ALL || environment.LC_CTYPE || environment.LANG;
  return locale === undefined || locale === "" || /utf-?8/i.test(locale);
}

/** The same in ASCII: a question mark for each character that it does not have. */
export function asciiOf(text: string): string {
  return [...graphemes.segment(text)]
    .map(({ segment }) => (/^[\n\x20-\x7e]+$/.test(segment) ? segment : (IN_ASCII[segment] ?? "?")))
    .join("");
}

/** Text for standard output or standard error, as this process' terminal can show it. */
export function shownText(text: string): string {
  return isUnicode(process.env) ? text : asciiOf(text);
}
