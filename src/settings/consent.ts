import { resolve } from "node:path";
import type { SettingName } from "./settings.ts";

/** How people in the call are informed and asked. */
export interface ConsentConfig {
  readonly mode: "none" | "notice" | "opt-out" | "opt-in";
  /** The customer's own texts; ours if undefined. */
  readonly startText: string | undefined;
  readonly endText: string | undefined;
  /** No message at the start, or at the end. */
  readonly silentStart: boolean;
  readonly silentEnd: boolean;
  /** Spoken at the start: the notice that ships, a file, or nothing. */
  readonly audio: "default" | { readonly path: string } | undefined;
  readonly nicknamePrefix: string | undefined;
}

const OFF = "off";

/** What is wrong goes to `problems`. */
export function consentOf(values: ReadonlyMap<SettingName, unknown>, problems: string[]): ConsentConfig {
  const mode = values.get("MEETBOT_CONSENT") as ConsentConfig["mode"];
  const start = values.get("MEETBOT_NOTICE");
  const end = values.get("MEETBOT_NOTICE_END");
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
    audio: audioOf(textOf(values.get("MEETBOT_NOTICE_AUDIO"))),
    nicknamePrefix: textOf(values.get("MEETBOT_NICKNAME_PREFIX")),
  };
}

function audioOf(audio: string | undefined): ConsentConfig["audio"] {
  return audio === undefined || audio === "default" ? audio : { path: resolve(audio) };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== OFF ? value : undefined;
}
