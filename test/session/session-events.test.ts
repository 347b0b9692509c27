import { describe, expect, it } from "vitest";
import { type SessionEvent, sessionEvent } from "../../src/session/session-events.ts";

const PERSON = { id: "3", username: "ada", displayName: "Ada", bot: false };
const FLAGS = {
  ...{ selfMute: true, selfDeaf: false, serverMute: false, serverDeaf: false },
  ...{ streaming: false, video: true, suppressed: false },
};
const EVIDENCE = {
  ...{ humansPresent: ["3"], botsPresent: ["4"], recordersPresent: [{ id: "4", knownBy: "name" as const }] },
  ...{ humanSeen: true, lastToLeave: { id: "3", atMs: 1 }, lastVoice: null, uncountedMs: 0 },
};

/** Each kind of line once, with all that it may carry. */
const LINES: Readonly<Record<SessionEvent["type"], SessionEvent>> = {
  "participant.join": {
    ...{ type: "participant.join", atMs: 0, participant: PERSON, flags: FLAGS },
    ...{ presentAtStart: true, movedFromChannelId: "9" },
  },
  "participant.leave": { type: "participant.leave", atMs: 5, participantId: "3", movedToChannelId: "9" },
  "participant.update": { type: "participant.update", atMs: 5, participant: PERSON, flags: FLAGS },
  state: { type: "state", atMs: 0, at: "2026-01-15T09:00:00.000Z", status: "recording", detail: "x" },
  talkspurt: { type: "talkspurt", atMs: 1.5, endMs: 2, speakerId: "3" },
  anchor: { type: "anchor", atMs: 1, speakerId: "3", ssrc: 7, reason: "clock_skew", shiftMs: -2.5 },
  gap: { type: "gap", atMs: 1, endMs: 2, reason: "stopped" },
  "part.open": { type: "part.open", atMs: 1, speakerId: "3", file: "audio.3.ogg" },
  "part.close": { type: "part.close", atMs: 1, endMs: 2, speakerId: "3", file: "audio.3-2.ogg" },
  notice: { type: "notice", atMs: 1, about: "permission", buttons: true, channelId: "2", messageId: "8" },
  notice_spoken: { type: "notice_spoken", atMs: 1 },
  consent: { type: "consent", atMs: 1, participant: PERSON, granted: false },
  moved: { type: "moved", atMs: 1, channelId: "2", channelName: "Stand-up" },
  warning: { type: "warning", atMs: 1, code: "disk_full", text: "the disk is full" },
  competing_bot: { type: "competing_bot", atMs: 1, participant: PERSON, knownBy: "id", leaves: true },
  auto_leave: {
    ...{ type: "auto_leave", atMs: 9, rule: "alone_in_room", thresholdMs: 5, sinceMs: 4 },
    ...{ evidence: EVIDENCE, detail: "everybody left" },
  },
};

describe("a line of the events", () => {
  it.each(Object.values(LINES))("is read back as it was written: $type", (line) => {
    expect(sessionEvent.parse(JSON.parse(JSON.stringify(line)))).toEqual(line);
  });

  it.each<[string, object]>([
    ["an unknown kind", { ...LINES.gap, type: "tomorrow" }],
    ["no time", { ...LINES.notice_spoken, atMs: undefined }],
    ["a file that is a path", { ...LINES["part.open"], file: "../audio.3.ogg" }],
    ["a speaker that is a path", { ...LINES.talkspurt, speakerId: "../3" }],
    ["a name of 201 characters", { ...LINES.moved, channelName: "a".repeat(201) }],
    ["a gap for an unknown reason", { ...LINES.gap, reason: "lunch" }],
    ["an unknown rule", { ...LINES.auto_leave, rule: "bored" }],
    ["a join that says it was not at the start", { ...LINES["participant.join"], presentAtStart: false }],
  ])("is refused: %s", (_, line) => {
    expect(sessionEvent.safeParse(line).success).toBe(false);
  });
});
