import { NOTICE_LANGUAGES } from "../../session/notice-texts.ts";
import type { Setting } from "./setting.ts";
import { messageAddress, messageText, nicknamePrefix, oneOf, path, userIds } from "./types.ts";

/** How people are informed that they are recorded, and asked for consent. */
export const CONSENT_SETTINGS = [
  {
    name: "MEETBOT_CONSENT",
    key: "consent",
    type: oneOf("none", "notice", "opt-out", "opt-in"),
    default: "notice",
    meaning: "who is informed or asked before being recorded",
  },
  {
    name: "MEETBOT_NOTICE",
    key: "notice",
    type: messageText,
    default: undefined,
    defaultText: "a text for each mode",
    meaning: "message at the start of the recording; `off` posts nothing",
  },
  {
    name: "MEETBOT_NOTICE_END",
    key: "noticeEnd",
    type: messageText,
    default: undefined,
    defaultText: "a text",
    meaning: "message at the end of the recording; `off` posts nothing",
  },
  {
    name: "MEETBOT_NOTICE_LANGUAGE",
    key: "noticeLanguage",
    type: oneOf(...NOTICE_LANGUAGES),
    default: "en",
    meaning: "language of the default texts and the buttons",
  },
  {
    name: "MEETBOT_NOTICE_MESSAGE",
    key: "noticeMessage",
    type: messageAddress,
    default: undefined,
    meaning:
      "a message of the same bot that carries the notice and its buttons already; no other is posted at the start",
  },
  {
    name: "MEETBOT_CONSENT_DECLINED",
    key: "consentDeclined",
    type: userIds,
    default: undefined,
    meaning: "people who refused before the call",
  },
  {
    name: "MEETBOT_CONSENT_GRANTED",
    key: "consentGranted",
    type: userIds,
    default: undefined,
    meaning: "people who allowed it before the call",
  },
  {
    name: "MEETBOT_NOTICE_AUDIO",
    key: "noticeAudio",
    type: path,
    default: "off",
    meaning: "spoken notice at the start: `default`, `off`, or the path of an Ogg Opus file",
  },
  {
    name: "MEETBOT_NICKNAME_PREFIX",
    key: "nicknamePrefix",
    type: nicknamePrefix,
    default: "off",
    meaning: "text in front of the bot's nickname while it records, such as `[REC] `",
  },
] as const satisfies readonly Setting[];
