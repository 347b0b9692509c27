import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { load, problemsWith } from "../support/settings-of.ts";

describe("the notice", () => {
  const consentWith = (environment: Record<string, string>) => load(environment).consent;

  test("is custom, the default, or off", () => {
    expect(consentWith({ MEETBOT_NOTICE: "Aufnahme läuft", MEETBOT_NOTICE_END: "off" })).toEqual({
      mode: "notice",
      startText: "Aufnahme läuft",
      endText: undefined,
      silentStart: false,
      silentEnd: true,
      audio: undefined,
      nicknamePrefix: undefined,
      language: "en",
      noticeMessage: undefined,
      answered: { granted: [], declined: [] },
    });
    expect(consentWith({ MEETBOT_NOTICE_AUDIO: "default", MEETBOT_NICKNAME_PREFIX: "[REC] " })).toMatchObject({
      audio: "default",
      nicknamePrefix: "[REC] ",
    });
    expect(consentWith({ MEETBOT_NOTICE_AUDIO: "notice.ogg" }).audio).toEqual({ path: resolve("notice.ogg") });
    expect(consentWith({ MEETBOT_CONSENT: "none", MEETBOT_NOTICE: "off" })).toMatchObject({ silentStart: true });
  });

  test("can be in another message, in German, and some people have answered before", () => {
    const environment = {
      MEETBOT_NOTICE_LANGUAGE: "de",
      MEETBOT_NOTICE_MESSAGE: "100000000000000001/100000000000000002",
      MEETBOT_CONSENT_DECLINED: "100000000000000003,100000000000000004",
    };
    expect(consentWith(environment)).toMatchObject({
      language: "de",
      noticeMessage: { channelId: "100000000000000001", messageId: "100000000000000002" },
      answered: { granted: [], declined: ["100000000000000003", "100000000000000004"] },
    });
    expect(problemsWith({ MEETBOT_CONSENT_GRANTED: "ada" })).toEqual([
      'MEETBOT_CONSENT_GRANTED is "ada", expected up to 2,000 Discord ids of 17 to 20 digits, with commas between them',
    ]);
  });

  test.each(["opt-in", "opt-out"])("cannot be off if it is what asks people: %s", (mode) => {
    expect(problemsWith({ MEETBOT_CONSENT: mode, MEETBOT_NOTICE: "off" })).toEqual([
      `MEETBOT_NOTICE is off, but MEETBOT_CONSENT=${mode} asks people with it; expected a text, or nothing`,
    ]);
  });

  test("is not empty, and not longer than Discord accepts", () => {
    for (const text of ["x".repeat(2_001), " "]) {
      expect(problemsWith({ MEETBOT_NOTICE: text })).toEqual([
        `MEETBOT_NOTICE is ${JSON.stringify(text)}, expected a text of at most 2000 characters, or off`,
      ]);
    }
  });
});
