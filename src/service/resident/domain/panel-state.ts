import type { ConsentMode } from "../../../session/consent.ts";
import { MAX_MESSAGE_LENGTH } from "../../../session/forms.ts";
import { asksPeople, consentButtons, type NoticeLanguage, startText } from "../../../session/notice-texts.ts";
import { clock } from "../../../text/clock.ts";
import { isOver, type JobStatus } from "../../domain/job-row.ts";
import { plain } from "./markdown.ts";
import { PANEL_WORDS, type PanelWords } from "./panel-words.ts";

/** A call's panel: the message that shows what the recording does now. Pure; times are epoch milliseconds. */

export interface PanelCall {
  readonly jobId: string;
  readonly language: NoticeLanguage;
  readonly title: string | null;
  readonly voiceChannelId: string;
  /** Null for a rule. */
  readonly startedBy: string | null;
  readonly status: JobStatus;
  readonly paused: boolean;
  readonly stopped: boolean;
  readonly startedAt: number | null;
  readonly durationSeconds: number | null;
  /** Why the call ended or failed, in one sentence; null while it continues. */
  readonly end: string | null;
  /** The user ids of those who were heard. */
  readonly speakerIds: readonly string[];
  readonly notes: number;
  readonly link: { readonly url: string; readonly expiresAt: number } | null;
  /** The notice and consent buttons of a call that the resident's own bot records; null if its worker posts them. */
  readonly notice: { readonly consent: ConsentMode; readonly withChat: boolean } | null;
}

/** Each part is one row of buttons. */
export interface PanelMessage {
  readonly text: string;
  readonly rows: readonly (readonly PanelButton[])[];
}

export type PanelButton =
  | { readonly id: string; readonly label: string; readonly style: "primary" | "secondary" | "success" | "danger" }
  | { readonly url: string; readonly label: string };

export const PANEL_ACTIONS = ["stop", "pause", "resume", "note"] as const;
export type PanelAction = (typeof PANEL_ACTIONS)[number];

const MAX_SPEAKERS = 20;

export function panelOf(call: PanelCall): PanelMessage {
  const words = PANEL_WORDS[call.language];
  const text = [noticeOf(call), headline(call, words), ...details(call, words)].filter((line) => line !== "");
  return { text: text.join("\n").slice(0, MAX_MESSAGE_LENGTH), rows: rowsOf(call, words) };
}

/** The id of a button under the panel. Ids that begin otherwise belong to the worker. */
export function panelButtonId(action: PanelAction, jobId: string): string {
  return `record:${action}:${jobId}`;
}

/** @returns undefined if the button is not one of a panel */
export function pressedOf(buttonId: string): { readonly action: PanelAction; readonly jobId: string } | undefined {
  const [prefix, name, ...rest] = buttonId.split(":");
  const action = PANEL_ACTIONS.find((candidate) => candidate === name);
  return prefix !== "record" || action === undefined ? undefined : { action, jobId: rest.join(":") };
}

function noticeOf({ notice, status, stopped, language }: PanelCall): string {
  if (notice === null || notice.consent === "none" || isPast(status) || stopped) return "";
  return startText(notice.consent, notice.withChat, language);
}

function headline(call: PanelCall, words: PanelWords): string {
  const { title, voiceChannelId } = call;
  const named = title === null ? "" : `: ${plain(title)}`;
  return `**${stateWords(call, words)}${named}** ${words.channel} <#${voiceChannelId}>`;
}

function stateWords({ status, paused, stopped }: PanelCall, words: PanelWords): string {
  switch (status) {
    case "scheduled":
    case "queued":
      return words.scheduled;
    case "joining":
      return words.joining;
    case "in_call":
      return stopped ? words.stopped : words.joining;
    case "recording":
      return paused ? words.paused : words.recording;
    case "finalizing":
      return words.saving;
    case "completed":
      return words.ended;
    case "failed":
      return words.failed;
    case "cancelled":
      return words.cancelled;
  }
}

function details(call: PanelCall, words: PanelWords): string[] {
  const { startedBy, startedAt, status, durationSeconds, end, notes, link } = call;
  const over = isOver(status);
  const facts = [
    startedBy === null ? words.startedByRule : words.startedBy(`<@${startedBy}>`),
    ...(startedAt === null || over ? [] : [words.since(`<t:${seconds(startedAt)}:t>`)]),
    ...(durationSeconds === null ? [] : [words.lasted(clock(durationSeconds))]),
    ...(over && durationSeconds !== null ? [speakers(call, words)] : []),
    ...(notes === 0 ? [] : [words.notes(notes)]),
  ];
  return [
    facts.join(" "),
    ...(over && end !== null ? [plain(end)] : []),
    ...(link === null ? [] : [words.linkUntil(`<t:${seconds(link.expiresAt)}:f>`)]),
  ];
}

function speakers({ speakerIds }: PanelCall, words: PanelWords): string {
  if (speakerIds.length === 0) return words.nobodySpoke;
  const shown = speakerIds.slice(0, MAX_SPEAKERS).map((id) => `<@${id}>`);
  const more = speakerIds.length - shown.length;
  return words.spoke([...shown, ...(more === 0 ? [] : [words.andMore(more)])].join(", "));
}

function rowsOf(call: PanelCall, words: PanelWords): PanelButton[][] {
  const { jobId, status, paused, stopped, link } = call;
  if (isPast(status)) return link === null ? [] : [[{ url: link.url, label: words.open }]];
  const button = (action: PanelAction, style: "secondary" | "danger"): PanelButton => ({
    id: panelButtonId(action, jobId),
    label: words[action],
    style,
  });
  const recording = status === "recording";
  return [
    [
      button("stop", "danger"),
      ...(recording ? [button(paused ? "resume" : "pause", "secondary"), button("note", "secondary")] : []),
    ],
    ...(stopped ? [] : [consentRow(call)]),
  ].filter((row) => row.length > 0);
}

/** The worker of the same bot answers these, so they work while the service does not. */
function consentRow({ notice, jobId, language }: PanelCall): PanelButton[] {
  if (notice === null || !asksPeople(notice.consent)) return [];
  return consentButtons(jobId, language).map(({ id, label, kind }) => ({
    ...{ id, label, style: kind === "allow" ? "success" : "danger" },
  }));
}

/** Nothing can be stopped any more. */
function isPast(status: JobStatus): boolean {
  return isOver(status) || status === "finalizing";
}

function seconds(at: number): number {
  return Math.floor(at / 1_000);
}
