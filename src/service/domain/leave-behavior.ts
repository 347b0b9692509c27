/** The auto-leave settings for a request's `leaveBehavior`, or why it is refused. */
export type LeaveRules =
  | { readonly settings: Readonly<Record<string, string>> }
  /** One sentence: what is wrong, and what is accepted. */
  | { readonly refusal: string };

const SILENCE = /^after-silence:(\d{1,6})s$/;
const DAY_SECONDS = 86_400;

/**
 * What each behaviour means in a Discord voice channel.
 *
 * `when-host-leaves`: a voice channel has no host, so the bot leaves when everybody else has left, by its usual rules.
 * `after-silence:300s`: the rule for silence, with that threshold.
 * `explicit`: the bot stays until it is asked to leave, or until the maximum duration.
 */
export function leaveRules(behavior: string): LeaveRules {
  if (behavior === "when-host-leaves") return { settings: {} };
  if (behavior === "explicit") {
    return {
      settings: {
        MEETBOT_AUTO_LEAVE_AFTER_ENTRY_DELAY_SECONDS: "0",
        MEETBOT_AUTO_LEAVE_AFTER_SOLO_SECONDS: "0",
        MEETBOT_AUTO_LEAVE_AFTER_SILENCE_SECONDS: "0",
      },
    };
  }
  const seconds = Number(SILENCE.exec(behavior)?.[1] ?? Number.NaN);
  if (seconds >= 1 && seconds <= DAY_SECONDS) {
    return { settings: { MEETBOT_AUTO_LEAVE_AFTER_SILENCE_SECONDS: String(seconds) } };
  }
  return {
    refusal: `is ${JSON.stringify(behavior)}, expected "when-host-leaves", "explicit", or "after-silence:300s" with 1 to ${DAY_SECONDS} seconds`,
  };
}
