import type { LinkDownloads } from "../../../shared-link/link-data.ts";

/** What each download is, in words. Pure. */

export type Kind = keyof LinkDownloads;
export type State = LinkDownloads[Kind];

/** In the order of the page. The report has a place of its own. */
export const LISTED: readonly Exclude<Kind, "report">[] = ["mix", "speakers", "audacity", "captions"];

interface Words {
  readonly title: string;
  readonly text: string;
}

export const WORDS: Readonly<Record<Exclude<Kind, "report">, Words>> = {
  mix: { title: "Mix", text: "One file with everybody, at one loudness." },
  speakers: { title: "Each speaker's file", text: "One file for each speaker, all of the same length, for an editor." },
  audacity: { title: "Audacity project", text: "All speakers' files and labels that say who speaks when, in one ZIP." },
  captions: {
    title: "Captions without words",
    text: "An SRT file: who speaks from when to when, to type the words in.",
  },
};

export function isUnderWay({ state }: State): boolean {
  return state === "waiting" || state === "making";
}

/** Whole percent. */
export function percentOf(progress: number): number {
  return Math.floor(100 * Math.min(1, Math.max(0, progress)));
}

/** What a screen reader announces after a change; undefined if there is nothing new. */
export function announcementOf(title: string, before: State, after: State): string | undefined {
  if (before.state === after.state) return undefined;
  if (after.state === "ready") return `${title}: ready.`;
  if (after.state === "failed") return `${title}: ${after.reason}.`;
  return undefined;
}
