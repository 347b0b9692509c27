import type { PageSpeaker } from "../../page-data.ts";
import { button, element, strangersText } from "../dom.ts";
import { talkTimeInWords } from "../format.ts";

/** The golden angle, which gives neighbours distant hues, however many there are. */
const HUE_STEP = 137.5;
const FIRST_HUE = 250;

export interface LaneActions {
  readonly solo: (on: boolean) => void;
  readonly mute: (on: boolean) => void;
}

/** A lane: the speaker's name and talk time, buttons for Solo and Mute, and the picture. */
export function laneRow(
  { name, label, bot, talkTimeMs }: PageSpeaker,
  index: number,
  picture: HTMLElement | undefined,
  { solo, mute }: LaneActions,
): HTMLElement {
  const row = element(
    "li",
    { class: "lane" },
    element(
      "div",
      { class: "who" },
      element("span", { class: "label", "aria-hidden": "true" }, label),
      strangersText(name, "speaker", name),
      element("span", { class: "note" }, `${bot ? "bot, " : ""}${talkTimeInWords(talkTimeMs)}`),
      element("span", { class: "toggles" }, toggle(`Solo ${name}`, "Solo", solo), toggle(`Mute ${name}`, "Mute", mute)),
    ),
    element("div", { class: "drawing" }, picture),
  );
  row.style.setProperty("--hue", String((index * HUE_STEP + FIRST_HUE) % 360));
  return row;
}

function toggle(label: string, text: string, onChange: (on: boolean) => void): HTMLElement {
  const made = button(
    label,
    { "aria-pressed": "false", class: "toggle" },
    () => {
      const isOn = made.getAttribute("aria-pressed") !== "true";
      made.setAttribute("aria-pressed", String(isOn));
      onChange(isOn);
    },
    text,
  );
  return made;
}
