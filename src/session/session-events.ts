import * as z from "zod";
import { list } from "./bounded-list.ts";
import { audioFileForm, nameForm, snowflake } from "./forms.ts";
import { AUTO_LEAVE_REASONS } from "./leaving/auto-leave.ts";
import { gapReason, person, voiceFlags } from "./shapes.ts";

/**
 * `events.jsonl`: session events, one JSON object a line in the order in which they were noticed. `atMs` counts from
 * the start of the recording and may have a fraction (48 samples are a millisecond). A talkspurt is written when it
 * ends, so its `atMs` can be earlier than that of the line before.
 */

const at = { atMs: z.number() };
/** The part of the roster that the manifest repeats. */
export const rosterEvent = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("participant.join"),
    ...at,
    participant: person,
    flags: voiceFlags,
    presentAtStart: z.literal(true).optional().meta({ description: "they were here when the recording began" }),
    movedFromChannelId: snowflake.optional().meta({ description: "they came from this voice channel of the server" }),
  }),
  z.object({
    type: z.literal("participant.leave"),
    ...at,
    participantId: snowflake,
    movedToChannelId: snowflake.optional().meta({ description: "they are in this voice channel of the server now" }),
  }),
]);

const knownBy = z.enum(["id", "name"]);
const moment = z.object({ id: snowflake, atMs: z.number() });

/** The facts of the auto-leave rules. */
const evidence = z.object({
  humansPresent: list(snowflake).meta({ description: "ids; muted and deafened people are people" }),
  botsPresent: list(snowflake),
  recordersPresent: list(z.object({ id: snowflake, knownBy })),
  humanSeen: z.boolean().meta({ description: "whether a person was in the channel since the bot connected" }),
  lastToLeave: moment.nullable().meta({ description: "of the people" }),
  lastVoice: moment.nullable().meta({ description: "sound from a person, not from a bot" }),
  uncountedMs: z.number().meta({ description: "time since sinceMs in which something was unknown: not counted" }),
});

export const sessionEvent = z
  .discriminatedUnion("type", [
    ...rosterEvent.options,
    z.object({ type: z.literal("participant.update"), ...at, participant: person, flags: voiceFlags }),
    z.object({
      type: z.literal("state"),
      ...at,
      at: z.iso.datetime(),
      status: z.string(),
      detail: z.string().optional(),
    }),
    /** A person spoke from `atMs` to `endMs`, including pauses below 300 ms. */
    z.object({ type: z.literal("talkspurt"), ...at, endMs: z.number(), speakerId: snowflake }),
    /** From `atMs`, a speaker's RTP clock has a new offset to the session clock. */
    z.object({
      type: z.literal("anchor"),
      ...at,
      speakerId: snowflake,
      ssrc: z.number().int(),
      reason: z.enum(["first", "clock_skew", "clock_jump"]),
      shiftMs: z.number(),
    }),
    /** Time in which nothing could be received from anyone. */
    z.object({ type: z.literal("gap"), ...at, endMs: z.number(), reason: gapReason }),
    z.object({ type: z.literal("part.open"), ...at, speakerId: snowflake, file: audioFileForm }),
    z.object({ type: z.literal("part.close"), ...at, endMs: z.number(), speakerId: snowflake, file: audioFileForm }),
    /**
     * The bot posted that recording starts or has ended, or asked for permission. If the message has buttons, people
     * can answer from now on.
     */
    z.object({
      type: z.literal("notice"),
      ...at,
      about: z.enum(["start", "end", "permission"]),
      buttons: z.boolean(),
      channelId: snowflake,
      messageId: z.string(),
    }),
    /** The spoken notice was played to its end. */
    z.object({ type: z.literal("notice_spoken"), ...at }),
    /** A person agreed or declined to be recorded; it is valid until they change their mind. */
    z.object({ type: z.literal("consent"), ...at, participant: person, granted: z.boolean() }),
    z.object({ type: z.literal("moved"), ...at, channelId: snowflake, channelName: nameForm }),
    z.object({ type: z.literal("warning"), ...at, code: z.string(), text: z.string() }),
    /** Another recording bot is present, once for each; `knownBy` says how it was recognised. */
    z.object({ type: z.literal("competing_bot"), ...at, participant: person, knownBy, leaves: z.boolean() }),
    /** A rule ended the call: which one, since when its condition held, and the facts. */
    z.object({
      type: z.literal("auto_leave"),
      ...at,
      rule: z.enum(AUTO_LEAVE_REASONS),
      thresholdMs: z.number(),
      sinceMs: z.number(),
      evidence,
      detail: z.string(),
    }),
  ])
  .meta({ title: "A line of events.jsonl" });

export type SessionEvent = z.infer<typeof sessionEvent>;
export type RosterEvent = z.infer<typeof rosterEvent>;
