import type { PageData } from "../page-data.ts";

/** The name of a mentioned person or channel, by `id` or `#id`. */
export type NameOf = (key: string) => string;

export function namesIn(mentions: PageData["mentions"]): NameOf {
  return (key) => {
    const name = mentions[key];
    if (key.startsWith("#")) return `#${name ?? "unknown"}`;
    return name === undefined ? `<@${key}>` : `@${name}`;
  };
}
