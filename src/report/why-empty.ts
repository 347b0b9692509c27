import type { Manifest } from "../session/manifest.ts";
import { people } from "./facts.ts";

/** Why a recording has no voice, in one sentence; undefined if it has one. */
export function whyEmpty(manifest: Manifest): string | undefined {
  const { speakers, participants, durationSeconds } = manifest;
  if (speakers.length > 0) return undefined;
  const here = participants.filter(({ bot }) => !bot);
  if (here.length === 0) {
    return participants.length === 0
      ? "Nobody joined the call, so there is nothing to hear."
      : "Only bots were in the call, and none of them was heard.";
  }
  if (here.every(({ withheld }) => withheld.length > 0)) return whyWithheld(manifest, here.length);
  const gap = longestGap(manifest);
  if (gap !== undefined && gap.endMs - gap.startMs > durationSeconds * 500) return GAP_SENTENCES[gap.reason];
  const { dropped } = manifest.datagrams;
  if (dropped.dave_undecryptable > 0) return "People spoke, but what they said could not be decrypted.";
  if (dropped.unattributed > 0) return "Somebody spoke, but Discord did not say who, so nothing was kept.";
  if (dropped.not_recording > 0) return "People spoke only while nothing was being recorded.";
  return here.length === 1
    ? "1 person was in the call and did not speak."
    : `${people(here.length)} were in the call, and nobody spoke.`;
}

function whyWithheld({ consentMode }: Manifest, here: number): string {
  const who = here === 1 ? "The one person in the call" : `None of the ${here} people in the call`;
  const refused = consentMode === "opt-in" ? "agreed to be recorded" : "allowed to be recorded";
  return here === 1
    ? `${who} did not agree to be recorded, so nothing was kept.`
    : `${who} ${refused}, so nothing was kept.`;
}

const GAP_SENTENCES: Readonly<Record<Manifest["gaps"][number]["reason"], string>> = {
  reconnect: "The connection to the call was lost for most of the time, and nobody was heard in the rest.",
  unheard: "People spoke, but none of it could be heard.",
  paused: "The recording was paused for most of the call, and nobody spoke in the rest.",
  stopped: "The recording was stopped for most of the call, and nobody spoke in the rest.",
};

function longestGap({ gaps }: Manifest): Manifest["gaps"][number] | undefined {
  return gaps.toSorted((left, right) => right.endMs - right.startMs - (left.endMs - left.startMs))[0];
}
