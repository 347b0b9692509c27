import { boundedName } from "../../../text/safe-text.ts";
import { localTime } from "./quiet-hours.ts";

/** Titles of calls, from a template with named fields. Pure. */

export const TITLE_FIELDS = ["channel", "category", "server", "date", "time", "starter"] as const;
export type TitleField = (typeof TITLE_FIELDS)[number];

const MAX_TITLE_CHARACTERS = 100;
const FIELD = /\{([^{}]*)\}/g;

export interface TitleFacts {
  readonly channel: string;
  /** Empty if the channel is in no category. */
  readonly category: string;
  readonly server: string;
  /** The name of the person who started the call, or of the rule's reason. */
  readonly starter: string;
  readonly at: number;
  readonly timeZone: string;
}

/** Why a template cannot be used; undefined if it can. */
export function templateProblem(template: string): string | undefined {
  const unknown = [...template.matchAll(FIELD)].map(([, name = ""]) => name).find((name) => !isField(name));
  if (unknown !== undefined) {
    const fields = TITLE_FIELDS.map((field) => `{${field}}`).join(", ");
    return `The title has {${boundedName(unknown, 30)}}. Its fields are ${fields}.`;
  }
  if (template.trim() === "") return "The title is empty.";
  return [...template].length > MAX_TITLE_CHARACTERS
    ? `The title has more than ${MAX_TITLE_CHARACTERS} characters.`
    : undefined;
}

/** A title of one line with at most 100 characters. Names cannot bring fields in: each field is replaced once. */
export function titleOf(template: string, facts: TitleFacts): string {
  const { date, time } = localTime(facts.at, facts.timeZone);
  const values: Readonly<Record<TitleField, string>> = { ...facts, date, time };
  const filled = template.replaceAll(FIELD, (whole, name: string) => (isField(name) ? values[name] : whole));
  return titleLine(filled);
}

/** The text as one line with at most 100 characters. */
export function titleLine(text: string): string {
  return boundedName(text.replaceAll(/\s+/g, " ").trim(), MAX_TITLE_CHARACTERS);
}

function isField(name: string): name is TitleField {
  return TITLE_FIELDS.some((field) => field === name);
}
