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
  readonly language: SettingValues["MEETBOT_NOTICE_LANGUAGE"];
  /** The message that carries the notice already. */
  readonly noticeMessage: { readonly channelId: string; readonly messageId: string } | undefined;
  /** The ids of people who answered before the call. */
  readonly answered: { readonly granted: readonly string[]; readonly declined: readonly string[] };
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
    language: values.MEETBOT_NOTICE_LANGUAGE ?? "en",
    noticeMessage: messageOf(values.MEETBOT_NOTICE_MESSAGE),
    answered: {
      granted: idsOf(values.MEETBOT_CONSENT_GRANTED),
      declined: idsOf(values.MEETBOT_CONSENT_DECLINED),
    },
  };
}

function messageOf(address: string | undefined): ConsentConfig["noticeMessage"] {
  const [channelId, messageId] = address?.split("/") ?? [];
  return channelId === undefined || messageId === undefined ? undefined : { channelId, messageId };
}

function idsOf(list: string | undefined): readonly string[] {
  return list?.split(",") ?? [];
}

function audioOf(audio: string | undefined): ConsentConfig["audio"] {
  return audio === undefined || audio === "default" ? audio : { path: resolve(audio) };
}

function textOf(value: string | undefined): string | undefined {
  return value === OFF ? undefined : value;
}
