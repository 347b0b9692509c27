import type { JobMessage } from "../../sdk/index.ts";
import { printable } from "../../text/safe-text.ts";

/**
 * An event of a watched job as a line for people.
 *
 * @param names of people by their ids, as far as events said; it is added to
 * @returns undefined for events that say nothing new to a person
 */
export function eventLine(message: JobMessage, names: Map<string, string>): string | undefined {
  const nameOf = (id: string): string => names.get(id) ?? id;
  switch (message.event) {
    case "job.status_changed": {
      const { status, paused, exitDetail, failure_code, failure_detail } = message.data;
      const why = failure_code === undefined ? exitDetail : `${failure_code}: ${failure_detail}`;
      return printable(`${timeOf(message.emittedAt)} ${status}${paused ? " (paused)" : ""}${why ? `: ${why}` : ""}`);
    }
    case "job.finalized":
      return printable(`${timeOf(message.emittedAt)} stored: ${message.data.manifestUri}`);
    case "recording.deleted":
      return `${timeOf(message.emittedAt)} the recording was deleted`;
    case "bot.recording_permission_response": {
      const { participant, granted } = message.data;
      return printable(`${participant.displayName} ${granted ? "agreed to" : "refused"} the recording`);
    }
    case "participant.join":
      names.set(message.data.participant.id, message.data.participant.displayName);
      return printable(`+ ${message.data.participant.displayName}`);
    case "participant.leave":
      return printable(`- ${nameOf(message.data.participantId)}`);
    case "talkspurt": {
      const { speakerId, atMs, endMs } = message.data;
      return printable(`  ${nameOf(speakerId)} spoke for ${((endMs - atMs) / 1_000).toFixed(1)} s`);
    }
    case "warning":
      return printable(`! ${message.data.text}`);
    default:
      return undefined;
  }
}

/** The time of day here, such as 14:05:09. */
function timeOf(iso: string): string {
  const date = new Date(iso);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}
