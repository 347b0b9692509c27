import type { PageData, PagePerson, PageSpeaker, Span } from "../page/page-data.ts";
import { element, strangersText } from "./dom.ts";
import { clock, lengthInWords } from "./format.ts";

/** What went otherwise than it should, in words; undefined where nothing did. */
export function warningsOf(
  { warnings, gaps, audioLeftOut, speakers, listeners }: PageData,
  seek: (toMs: number) => void,
): HTMLElement | undefined {
  const lines: HTMLElement[] = [
    ...(audioLeftOut === undefined ? [] : [element("li", {}, audioLeftOut)]),
    ...gaps.map(({ fromMs, toMs, reason }) =>
      element("li", {}, `Nothing is there from `, timeLink(fromMs, seek), ` to ${clock(toMs)}: ${reason}.`),
    ),
    ...[...speakers, ...listeners]
      .filter(({ withheld }) => withheld.length > 0)
      .map(({ name, withheld }) =>
        element(
          "li",
          {},
          strangersText(name),
          ` was not recorded for want of their consent: ${withheld.map(spanInWords).join(", ")}.`,
        ),
      ),
    ...warnings.map((text) => element("li", {}, strangersText(text))),
  ];
  if (lines.length === 0) return undefined;
  return element(
    "section",
    { class: "warnings", "aria-labelledby": "warnings-heading" },
    element("h2", { id: "warnings-heading" }, "Worth knowing"),
    element("ul", {}, ...lines),
  );
}

/** People as a table, and the recording as a list of facts. */
export function statisticsOf({ speakers, listeners, facts }: PageData): HTMLElement {
  const all = speakers.reduce((sum, { talkTimeMs }) => sum + talkTimeMs, 0);
  const rows = [
    ...speakers.map((speaker) => speakerRow(speaker, all)),
    ...listeners.map((person) => personRow(person, "", ["nothing", "", ""])),
  ];
  return element(
    "section",
    { class: "statistics", "aria-labelledby": "statistics-heading" },
    element("h2", { id: "statistics-heading" }, "Statistics"),
    element(
      "div",
      { class: "scrolls", tabindex: 0, role: "region", "aria-label": "People" },
      element(
        "table",
        {},
        element(
          "thead",
          {},
          element("tr", {}, ...["", "Name", "Spoke", "Share", "Packets lost", "Was here"].map(headCell)),
        ),
        element("tbody", {}, ...rows),
      ),
    ),
    element(
      "dl",
      {},
      ...facts.map(([name, text]) =>
        element("div", {}, element("dt", {}, name), element("dd", {}, strangersText(text))),
      ),
    ),
  );
}

function headCell(text: string): HTMLElement {
  return text === "" ? element("td") : element("th", { scope: "col" }, text);
}

function speakerRow(speaker: PageSpeaker, allTalkTimeMs: number): HTMLElement {
  const { label, talkTimeMs, packets, lost } = speaker;
  const share = allTalkTimeMs === 0 ? 0 : Math.round((100 * talkTimeMs) / allTalkTimeMs);
  return personRow(speaker, label, [lengthInWords(talkTimeMs), `${share} %`, `${lost} of ${packets + lost}`]);
}

function personRow({ name, username, bot, present }: PagePerson, label: string, cells: readonly string[]): HTMLElement {
  return element(
    "tr",
    {},
    element("td", {}, label),
    element(
      "th",
      { scope: "row" },
      strangersText(name),
      element("span", { class: "note" }, " ", strangersText(username), bot ? ", bot" : undefined),
    ),
    ...cells.map((text) => element("td", {}, text)),
    element("td", {}, present.map(spanInWords).join(", ")),
  );
}

function spanInWords([fromMs, toMs]: Span): string {
  return `${clock(fromMs)}–${clock(toMs)}`;
}

function timeLink(atMs: number, seek: (toMs: number) => void): HTMLElement {
  const link = element("button", { type: "button", class: "time" }, clock(atMs));
  link.addEventListener("click", () => seek(atMs));
  return link;
}
