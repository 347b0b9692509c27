import { readFileSync } from "node:fs";
import { parse } from "yaml";
import * as z from "zod";

/** A banned word, and its replacement. */
export interface BannedWord {
  readonly pattern: RegExp;
  readonly instead: string;
}

const WORDS = z.object({ rules: z.array(z.object({ expected: z.string(), pattern: z.string() })) });

/** The list in `words.yml`, which is in the form of textlint's rule prh: a pattern is `/text/` or `/text/i`. */
export function bannedWords(): readonly BannedWord[] {
  const list = WORDS.parse(parse(readFileSync(new URL("words.yml", import.meta.url), "utf8")));
  return list.rules.map(({ expected, pattern }) => {
    const [, source, flags] = /^\/(.*)\/(i?)$/.exec(pattern) ?? [];
    if (source === undefined) throw new Error(`words.yml: ${pattern} is not between slashes`);
    return { pattern: new RegExp(source, `g${flags}`), instead: expected };
  });
}
