import type { PageData, PageFact, PagePerson, PageSpeaker, Span } from "../page-data.ts";
import { element, strangersText } from "./dom.ts";
import { clock, lengthInWords } from "./format.ts";
import { wallClock } from "./wall-clock.ts";

/** A person may come and go a hundred times. */
const MAX_SPANS = 4;

/** People as a table, and the recording as a list of facts. */
export function statisticsOf(data: PageData): HTMLElement {
  const { startedAt, endedAt, facts, technicalFacts } = data;
  const times: PageFact[] = [
    ["Started", wallClock(new Date(startedAt))],
    ["Ended", wallClock(new Date(endedAt))],
  ];
  return element(
    "section",
    { class: "statistics", "aria-labelledby": "statistics-heading" },
    element("h2", { id: "statistics-heading" }, "Statistics"),
    peopleTable(data),
    factList([...times, ...facts]),
    element("details", {}, element("summary", {}, "Technical details"), factList(technicalFacts)),
  );
}

/**
 * Roles are explicit, because a phone shows each row as a block, and some browsers then no longer treat it as a table.
 */
function peopleTable({ speakers, listeners }: PageData): HTMLElement | undefined {
  const people = [...speakers, ...listeners];
  if (people.length === 0) return undefined;
  const titles = ["Name", ...(speakers.length === 0 ? [] : SPEAKING), "In the call"];
  const allMs = totalOf(speakers);
  const rows = [
    ...speakers.map((speaker) => row(speaker, speaker.label, titles, speakingCells(speaker, allMs))),
    ...listeners.map((person) => row(person, "", titles, speakers.length === 0 ? [] : ["nothing", "", ""])),
  ];
  return element(
    "table",
    { role: "table" },
    element(
      "thead",
      { role: "rowgroup" },
      element(
        "tr",
        { role: "row" },
        ...titles.map((title) => element("th", { scope: "col", role: "columnheader" }, title)),
      ),
    ),
    element("tbody", { role: "rowgroup" }, ...rows),
  );
}

const SPEAKING = ["Spoke", "Share", "Sound lost"];

/** Undefined if a person's talk time is unknown. */
function totalOf(speakers: readonly PageSpeaker[]): number | undefined {
  let total = 0;
  for (const { talkTimeMs } of speakers) {
    if (talkTimeMs === undefined) return undefined;
    total += talkTimeMs;
  }
  return total;
}

function speakingCells({ talkTimeMs, packets, lost }: PageSpeaker, allMs: number | undefined): string[] {
  const share = allMs === undefined ? "unknown" : percent(talkTimeMs ?? 0, allMs, 0);
  const spoke = talkTimeMs === undefined ? "unknown" : lengthInWords(talkTimeMs);
  return [spoke, share, lost === 0 ? "none" : percent(lost, packets + lost, 2)];
}

function percent(part: number, whole: number, digits: number): string {
  return `${(whole === 0 ? 0 : (100 * part) / whole).toFixed(digits)} %`;
}

function row(person: PagePerson, label: string, titles: readonly string[], cells: readonly string[]): HTMLElement {
  const { name, username, bot, present } = person;
  return element(
    "tr",
    { role: "row" },
    element(
      "th",
      { scope: "row", role: "rowheader" },
      element("span", { class: "letter" }, label),
      strangersText(name),
      username === name || username === ""
        ? undefined
        : element("span", { class: "note" }, " ", strangersText(username)),
      bot ? element("span", { class: "note" }, " bot") : undefined,
    ),
    ...[...cells, presenceInWords(present)].map((text, index) =>
      element("td", { role: "cell", "data-title": titles[index + 1] }, text),
    ),
  );
}

function factList(facts: readonly PageFact[]): HTMLElement {
  return element(
    "dl",
    {},
    ...facts.map(([name, text]) => element("div", {}, element("dt", {}, name), element("dd", {}, strangersText(text)))),
  );
}

function presenceInWords(present: readonly Span[]): string {
  const more = present.length - MAX_SPANS;
  const shown = present.slice(0, MAX_SPANS).map(spanInWords).join(", ");
  return more > 0 ? `${shown} and ${more} more ${more === 1 ? "time" : "times"}` : shown;
}

export function spanInWords([fromMs, toMs]: Span): string {
  return `${clock(fromMs)}–${clock(toMs)}`;
}
