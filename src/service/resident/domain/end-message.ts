import type { ServiceFailureCode } from "../../domain/job-row.ts";
import { plain } from "./markdown.ts";

/** The message that the starter and the channel get when a call is over. Pure; times are epoch milliseconds. */

export interface EndedCall {
  readonly voiceChannelId: string;
  /** Null if nobody named the call. */
  readonly title: string | null;
  /** Why the recording is incomplete or missing; null if it ended as intended. */
  readonly failure: { readonly code: ServiceFailureCode; readonly detail: string } | null;
  /** Null if nothing was recorded. */
  readonly recording: {
    readonly durationSeconds: number;
    /** Names as they were in the server, in the order of their first words. */
    readonly speakers: readonly string[];
    /** Sentences for people. */
    readonly warnings: readonly string[];
  } | null;
  /** Null if there is nothing to open. */
  readonly link: { readonly url: string; readonly expiresAt: number; readonly mayDelete: boolean } | null;
}

/** Discord accepts 2,000 characters. */
const MAX_CHARACTERS = 2_000;
const MAX_SPEAKERS = 10;
const MAX_WARNINGS = 3;
const MAX_WARNING_CHARACTERS = 300;
const MAX_NAME_CHARACTERS = 40;

/** Discord's Markdown, at most 2,000 characters. Names of strangers format nothing and mention nobody. */
export function endMessage(call: EndedCall): string {
  const { recording, link } = call;
  if (recording === null) return `${nameOf(call)} was not recorded.${why(call)}`.slice(0, MAX_CHARACTERS);
  const { durationSeconds, speakers, warnings } = recording;
  const lines = [
    `The recording of ${nameOf(call)} is ready: ${lengthOf(durationSeconds)}, ${speakersOf(speakers)}.${why(call)}`,
    ...(link === null ? [] : [`<${link.url}>`, linkNote(link)]),
  ];
  // Everything else is bounded, so warnings are what is left out.
  return [...lines, ...warningLines(warnings)]
    .reduce((text, line) => (text.length + 1 + line.length > MAX_CHARACTERS ? text : `${text}\n${line}`), "")
    .trim();
}

function nameOf({ title, voiceChannelId }: EndedCall): string {
  const channel = `<#${voiceChannelId}>`;
  return title === null ? channel : `**${plain(shortened(title, 100))}** in ${channel}`;
}

function why({ failure, recording }: EndedCall): string {
  if (failure === null) return "";
  const detail = shortened(plain(failure.detail.trim()), MAX_WARNING_CHARACTERS).replace(/[.!?]+$/, "");
  return recording === null ? ` The reason: ${detail}.` : ` It ended early: ${detail}.`;
}

function lengthOf(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes} min ${whole % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function speakersOf(speakers: readonly string[]): string {
  if (speakers.length === 0) return "and nobody was heard";
  const shown = speakers.slice(0, MAX_SPEAKERS).map((name) => plain(shortened(name, MAX_NAME_CHARACTERS)));
  const more = speakers.length - shown.length;
  const count = speakers.length === 1 ? "1 speaker" : `${speakers.length} speakers`;
  return `${count} (${shown.join(", ")}${more === 0 ? "" : `, and ${more} more`})`;
}

function linkNote({ expiresAt, mayDelete }: NonNullable<EndedCall["link"]>): string {
  const can = mayDelete ? "listen, download and delete it" : "listen and download it";
  return `The link works until <t:${Math.floor(expiresAt / 1_000)}:f>. Whoever has it can ${can}.`;
}

function warningLines(warnings: readonly string[]): string[] {
  const shown = warnings.slice(0, MAX_WARNINGS).map((text) => `⚠️ ${plain(shortened(text, MAX_WARNING_CHARACTERS))}`);
  const more = warnings.length - shown.length;
  if (more === 0) return shown;
  return [...shown, `${more} more ${more === 1 ? "warning is" : "warnings are"} in the report.`];
}

/** At most so many Unicode characters, on one line. */
function shortened(text: string, maxCharacters: number): string {
  const characters = [...text.replaceAll(/\s+/g, " ").trim()];
  return characters.length <= maxCharacters
    ? characters.join("")
    : `${characters.slice(0, maxCharacters - 1).join("")}…`;
}
