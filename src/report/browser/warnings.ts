import type { PageData } from "../page-data.ts";
import { element, strangersText } from "./dom.ts";
import { clock } from "./format.ts";
import { spanInWords } from "./statistics.ts";

/** The warnings as a list; undefined if there are none. */
export function warningsOf(
  { warnings, gaps, audioLeftOut, speakers, listeners }: PageData,
  hear: (fromMs: number) => void,
): HTMLElement | undefined {
  const lines: HTMLElement[] = [
    ...(audioLeftOut === undefined ? [] : [element("li", {}, audioLeftOut)]),
    ...gaps.map(({ fromMs, toMs, reason }) =>
      element("li", {}, `Nothing was recorded from `, timeButton(fromMs, hear), ` to ${clock(toMs)}: ${reason}.`),
    ),
    ...[...speakers, ...listeners]
      .filter(({ withheld }) => withheld.length > 0)
      .map(({ name, withheld }) =>
        element(
          "li",
          {},
          strangersText(name),
          ` was not recorded, because they had not agreed: ${withheld.map(spanInWords).join(", ")}.`,
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

function timeButton(atMs: number, hear: (fromMs: number) => void): HTMLElement {
  const made = element("button", { type: "button", class: "time" }, clock(atMs));
  made.addEventListener("click", () => hear(atMs));
  return made;
}
