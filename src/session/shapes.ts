import * as z from "zod";
import { fateRecord } from "../audio/fates.ts";
import { fewNames } from "./bounded-list.ts";
import { EXIT_REASONS, type ExitReason, FAILURES } from "./exit.ts";
import { nameForm, snowflake } from "./forms.ts";

/**
 * Shapes that more than one file, event or answer has. The schemas of the manifest, the journal, the logs, the job
 * events and the HTTP API are made of them, and the types are inferred from them.
 */

export const count = z.number().int().min(0);

export const exitReason = z.enum(Object.keys(EXIT_REASONS) as [ExitReason, ...ExitReason[]]);
export const failureCode = z.enum(Object.keys(FAILURES) as [keyof typeof FAILURES, ...(keyof typeof FAILURES)[]]);

/** A participant. `displayName` is the name in this server: nickname, else global name, else username. */
export const person = z.object({ id: snowflake, username: nameForm, displayName: nameForm, bot: z.boolean() });
export type Person = Readonly<z.infer<typeof person>>;

/** Of a voice state (Discord, "Voice Resources"). */
export const voiceFlags = z.object({
  selfMute: z.boolean(),
  selfDeaf: z.boolean(),
  serverMute: z.boolean(),
  serverDeaf: z.boolean(),
  streaming: z.boolean(),
  video: z.boolean(),
  suppressed: z.boolean(),
});
export type VoiceFlags = Readonly<z.infer<typeof voiceFlags>>;

/** What became of the packets of one part. */
export const partPackets = z.object({
  received: count.meta({ description: "packets of the speaker in this file" }),
  lost: count.meta({ description: "known by their sequence numbers not to have come in time" }),
  late: count,
  duplicate: count,
  concealed: count.meta({ description: "lost ones that the decoder fills in from what came before" }),
  undecryptable: count,
  unattributed: count,
});
export type PartPackets = z.infer<typeof partPackets>;

// A version that did not know a fate has counted nothing under it.
const counted = count.default(0);

/**
 * Datagrams by their fate, as the manifest and the journal have them. A writer writes every fate. A reader takes a fate
 * that an older version left out as 0, and keeps one that a newer version added, so that the sum is still right.
 */
export const datagramFates = z.object({
  received: count,
  written: count,
  dropped: fewNames(z.object(fateRecord(counted)).catchall(count)),
});

/**
 * Which end-to-end encryption the call had: DAVE's version, 0 if it had none; the epochs of the MLS group that this bot
 * has been through; and the packets that came in the clear in an encrypted call and were recorded because a setting
 * says so.
 */
export const encryption = z.object({
  daveProtocolVersion: count,
  epochs: count,
  plaintextPackets: count.default(0),
});
export type EncryptionState = Readonly<z.infer<typeof encryption>>;

/**
 * Whether people can be heard: not while the connection is lost (`reconnecting`), nor while what comes cannot be
 * decrypted or the bot is deafened (`unheard`, on the same connection).
 */
export const connectionState = z.enum(["live", "reconnecting", "unheard"]);
export type ConnectionState = z.infer<typeof connectionState>;

/** Why nothing is there for a time: no connection, no key or deafened by the server, asked to pause, or to stop. */
export const gapReason = z.enum(["reconnect", "unheard", "paused", "stopped"]);
