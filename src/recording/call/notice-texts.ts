import type { ConsentMode } from "../../session/consent.ts";

/** The default texts of the notices, and the labels of the buttons. */

export const ALLOW_LABEL = "Allow";
export const DECLINE_LABEL = "Don't record me";

export const ANSWERED = {
  granted: `You are recorded from now on. Press "${DECLINE_LABEL}" to change that.`,
  declined: `You are not recorded from now on: nothing that you say or write is kept. Press "${ALLOW_LABEL}" to change that.`,
} as const;

export const END_TEXT = "⏹️ The recording of this voice channel has ended.";

const OPT_OUT = `If you do not want to be recorded, press "${DECLINE_LABEL}". You can change your mind at any time.`;
const OPT_IN = `Only those who press "${ALLOW_LABEL}" are recorded. You can change your mind at any time.`;

/** @param withChat whether the chat is also recorded */
export function startText(mode: ConsentMode, withChat: boolean): string {
  const recorded = withChat
    ? "This voice channel and this chat are being recorded."
    : "This voice channel is being recorded.";
  const choice = mode === "opt-in" ? ` ${OPT_IN}` : mode === "opt-out" ? ` ${OPT_OUT}` : "";
  return `🔴 ${recorded}${choice}`;
}

export function permissionText(mode: ConsentMode, withChat: boolean): string {
  return startText(mode === "opt-in" ? "opt-in" : "opt-out", withChat);
}
