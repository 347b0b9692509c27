import { DAY_SECONDS, type Setting } from "./setting.ts";
import { oneOf, wholeNumber, yesOrNo } from "./types.ts";

const threshold = (meaning: string) => `${meaning}; 0 turns the rule off`;

/** When the bot leaves automatically, and how audio is split into files. */
export const RECORDING_SETTINGS = [
  {
    name: "MEETBOT_AUTO_LEAVE_AFTER_ENTRY_DELAY_SECONDS",
    key: "autoLeaveAfterEntryDelaySeconds",
    type: wholeNumber(0, DAY_SECONDS, "seconds"),
    default: 300,
    meaning: threshold("leave if no person has joined since the bot connected"),
  },
  {
    name: "MEETBOT_AUTO_LEAVE_AFTER_SOLO_SECONDS",
    key: "autoLeaveAfterSoloSeconds",
    type: wholeNumber(0, DAY_SECONDS, "seconds"),
    default: 60,
    meaning: threshold("leave if everybody has left; a person who comes back resets the time"),
  },
  {
    name: "MEETBOT_AUTO_LEAVE_AFTER_SILENCE_SECONDS",
    key: "autoLeaveAfterSilenceSeconds",
    type: wholeNumber(0, DAY_SECONDS, "seconds"),
    default: 900,
    meaning: threshold("leave if people are there and nobody speaks"),
  },
  {
    name: "MEETBOT_AUTO_LEAVE_AFTER_MAX_SECONDS",
    key: "autoLeaveAfterMaxSeconds",
    type: wholeNumber(0, 7 * DAY_SECONDS, "seconds"),
    default: 14_400,
    meaning: threshold("leave this long after the bot connected"),
  },
  {
    name: "MEETBOT_AUTO_LEAVE_ON_BOT_DETECTED",
    key: "autoLeaveOnBotDetected",
    type: yesOrNo,
    default: false,
    meaning: "leave if another recorder is in the channel: a bot with a known id or name, never a person",
  },
  {
    name: "MEETBOT_ROTATE",
    key: "rotate",
    type: oneOf("utterance", "duration", "never"),
    default: "utterance",
    meaning: "when a speaker's file ends and the next one begins",
  },
  {
    name: "MEETBOT_ROTATE_SILENCE_SECONDS",
    key: "rotateSilenceSeconds",
    type: wholeNumber(1, 3_600, "seconds"),
    default: 2,
    meaning: "with `utterance`: a silence of this length ends a file",
  },
  {
    name: "MEETBOT_MAX_PART_SECONDS",
    key: "maxPartSeconds",
    type: wholeNumber(10, DAY_SECONDS, "seconds"),
    default: 600,
    meaning: "with `utterance` and `duration`: the longest file",
  },
] as const satisfies readonly Setting[];
