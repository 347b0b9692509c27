import { resolve } from "node:path";
import type { ReadSettings, SettingValues } from "./settings.ts";

/** How people in the call are informed and asked for consent. */
export interface ConsentConfig {
  readonly mode: SettingValues["MEETBOT_CONSENT"];
  /** The customer's texts; the defaults if undefined. */
  readonly startText: string | undefined;
  readonly endText: string | undefined;
  /** If true, no message is posted at the start or at the end. */
  readonly silentStart: boolean;
  readonly silentEnd: boolean;
  /** The spoken notice at the start: the default, a file, or none. */
  readonly audio: "default" | { readonly path: string } | undefined;
  readonly nicknamePrefix: string | undefined;
}

const OFF = "off";

/** Errors are added to `problems`. */
export function consentOf(values: ReadSettings, problems: string[]): ConsentConfig {
  const { MEETBOT_CONSENT: mode = "none", MEETBOT_NOTICE: start, MEETBOT_NOTICE_END: end } = values;
  if (start === OFF && (mode === "opt-out" || mode === "opt-in")) {
    problems.push(
      `MEETBOT_NOTICE is off, but MEETBOT_CONSENT=${mode} asks people with it; expected a text, or nothing`,
    );
  }
  return {
    mode,
    startText: textOf(start),
    endText: textOf(end),
    silentStart: start === OFF,
    silentEnd: end === OFF,
    audio: audioOf(textOf(values.MEETBOT_NOTICE_AUDIO)),
    nicknamePrefix: textOf(values.MEETBOT_NICKNAME_PREFIX),
  };
}

function audioOf(audio: string | undefined): ConsentConfig["audio"] {
  return audio === undefined || audio === "default" ? audio : { path: resolve(audio) };
}

function textOf(value: string | undefined): string | undefined {
  return value === OFF ? undefined : value;
}
