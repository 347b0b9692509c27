import * as z from "zod";
import { fateRecord } from "../audio/fates.ts";
import { usePlainWords } from "../text/plain-issues.ts";
import { fewNames } from "./bounded-list.ts";
import { EXIT_REASONS, type ExitReason, FAILURES } from "./exit.ts";
import { nameForm, snowflake } from "./forms.ts";

// Files, settings and requests of strangers are checked with schemas made from these. People read what is wrong.
usePlainWords();

/**
 * Shapes shared by several files, events or responses. The schemas of the manifest, the journal, the logs, the job
 * events and the HTTP API are built from them, and the types are inferred from them.
 */

export const count = z.number().int().min(0);

export const exitReason = z.enum(Object.keys(EXIT_REASONS) as [ExitReason, ...ExitReason[]]);
export const failureCode = z.enum(Object.keys(FAILURES) as [keyof typeof FAILURES, ...(keyof typeof FAILURES)[]]);

/** A participant. `displayName` is the name in this server: nickname, else global name, else username. */
export const person = z.object({ id: snowflake, username: nameForm, displayName: nameForm, bot: z.boolean() });
export type Person = Readonly<z.infer<typeof person>>;

/** The flags of a voice state (Discord, "Voice Resources"). */
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

/** The packet counts of one part. */
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

// A version that did not know a fate counted nothing under it.
const counted = count.default(0);

/**
 * Datagrams by fate, in the manifest and the journal. A writer writes every fate. A reader treats a missing fate from
 * an older version as 0, and keeps unknown fates from a newer version, so the sum is still right.
 */
export const datagramFates = z.object({
  received: count,
  written: count,
  dropped: fewNames(z.object(fateRecord(counted)).catchall(count)),
});

/**
 * The call's end-to-end encryption: DAVE's version, 0 if it had none; the epochs of the MLS group in which the bot took
 * part; and the unencrypted packets in an encrypted call that were recorded because a setting allows it.
 */
export const encryption = z.object({
  daveProtocolVersion: count,
  epochs: count,
  plaintextPackets: count.default(0),
});
export type EncryptionState = Readonly<z.infer<typeof encryption>>;

/**
 * Whether people can be heard: not while the connection is lost (`reconnecting`), and not while their audio cannot be
 * decrypted or the bot is deafened (`unheard`, on the same connection).
 */
export const connectionState = z.enum(["live", "reconnecting", "unheard"]);
export type ConnectionState = z.infer<typeof connectionState>;

/** The reason for a gap: no connection, no key or deafened by the server, paused, or stopped. */
export const gapReason = z.enum(["reconnect", "unheard", "paused", "stopped"]);
