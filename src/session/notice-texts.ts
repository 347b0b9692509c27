import type { ConsentMode } from "./consent.ts";

/** The texts of the notices, and the labels of their buttons. */

export const NOTICE_LANGUAGES = ["en", "de"] as const;
export type NoticeLanguage = (typeof NOTICE_LANGUAGES)[number];

export interface NoticeTexts {
  readonly allow: string;
  readonly decline: string;
  /** The answers to the buttons. */
  readonly granted: string;
  readonly declined: string;
  readonly end: string;
  readonly voice: string;
  readonly voiceAndChat: string;
  readonly optOut: string;
  readonly optIn: string;
}

export const NOTICE_TEXTS: Readonly<Record<NoticeLanguage, NoticeTexts>> = {
  en: {
    allow: "Allow",
    decline: "Don't record me",
    granted: `You are recorded from now on. Press "Don't record me" to change that.`,
    declined: `You are not recorded from now on: nothing that you say or write is kept. Press "Allow" to change that.`,
    end: "⏹️ The recording of this voice channel has ended.",
    voice: "This voice channel is being recorded.",
    voiceAndChat: "This voice channel and this chat are being recorded.",
    optOut: `If you do not want to be recorded, press "Don't record me". You can change your mind at any time.`,
    optIn: `Only those who press "Allow" are recorded. You can change your mind at any time.`,
  },
  de: {
    allow: "Erlauben",
    decline: "Mich nicht aufnehmen",
    granted: `Du wirst ab jetzt aufgenommen. Mit „Mich nicht aufnehmen“ kannst du das ändern.`,
    declined: `Du wirst ab jetzt nicht aufgenommen: Nichts, was du sagst oder schreibst, wird behalten. Mit „Erlauben“ kannst du das ändern.`,
    end: "⏹️ Die Aufnahme dieses Sprachkanals ist beendet.",
    voice: "Dieser Sprachkanal wird aufgenommen.",
    voiceAndChat: "Dieser Sprachkanal und dieser Chat werden aufgenommen.",
    optOut: `Wenn du nicht aufgenommen werden willst, drücke „Mich nicht aufnehmen“. Du kannst deine Meinung jederzeit ändern.`,
    optIn: `Nur wer „Erlauben“ drückt, wird aufgenommen. Du kannst deine Meinung jederzeit ändern.`,
  },
};

/** @param withChat whether the chat is also recorded */
export function startText(mode: ConsentMode, withChat: boolean, language: NoticeLanguage): string {
  const texts = NOTICE_TEXTS[language];
  const choice = mode === "opt-in" ? ` ${texts.optIn}` : mode === "opt-out" ? ` ${texts.optOut}` : "";
  return `🔴 ${withChat ? texts.voiceAndChat : texts.voice}${choice}`;
}

export function permissionText(mode: ConsentMode, withChat: boolean, language: NoticeLanguage): string {
  return startText(mode === "opt-in" ? "opt-in" : "opt-out", withChat, language);
}

/** Whether the mode asks people, with buttons under its notice. */
export function asksPeople(mode: ConsentMode): boolean {
  return mode === "opt-in" || mode === "opt-out";
}

/** @param jobKey the job's id, or a digest of a longer one: Discord allows 100 characters in a button's id */
export function consentButtons(jobKey: string, language: NoticeLanguage) {
  const { allow, decline } = NOTICE_TEXTS[language];
  return [
    { id: `allow:${jobKey}`, label: allow, kind: "allow" },
    { id: `decline:${jobKey}`, label: decline, kind: "decline" },
  ] as const;
}
