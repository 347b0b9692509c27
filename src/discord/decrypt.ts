import { isSilencePacket } from "../audio/opus-packet.ts";

/**
 * Discord's end-to-end encryption of audio (DAVE protocol, "Frame Encryption"), tried on the davey session itself:
 * the wrapper in @discordjs/voice counts failures over all speakers, re-initialises everybody after 36 in a row, and
 * hands back its input while no key is there.
 */

/** What we use of `@snazzah/davey`'s session. */
export interface DaveySession {
  readonly ready: boolean;
  readonly epoch: bigint | null;
  getUserIds(): string[];
  decrypt(userId: string, mediaType: number, packet: Buffer): Buffer;
}

/** What we use of @discordjs/voice's wrapper around it; it is absent until a session description came. */
export interface DaveState {
  readonly protocolVersion: number;
  readonly session: DaveySession | undefined;
}

export type DecryptResult =
  | { readonly kind: "opened"; readonly opus: Buffer }
  /** No key yet: the group is being joined. */
  | { readonly kind: "not_ready" }
  /** None of the speaker's keys opens it. */
  | { readonly kind: "refused" };

const MEDIA_TYPE_AUDIO = 0;
const REFUSED: DecryptResult = { kind: "refused" };
const NOT_READY: DecryptResult = { kind: "not_ready" };

/** DAVE protocol, "Protocol supplemental data": an encrypted frame ends in the magic marker 0xFAFA. */
function hasMagicMarker(payload: Buffer): boolean {
  return payload.length >= 2 && payload[payload.length - 1] === 0xfa && payload[payload.length - 2] === 0xfa;
}

/** Opens a payload as one that `userId` sent. Never throws, and never gives ciphertext out as Opus. */
export function openFrame(dave: DaveState | undefined, userId: string, payload: Buffer): DecryptResult {
  // Clients send their comfort silence in the clear, and so does the server on behalf of those who left.
  if (isSilencePacket(payload)) return { kind: "opened", opus: payload };
  const session = dave?.session;
  if (dave === undefined || (dave.protocolVersion === 0 && !hasMagicMarker(payload))) {
    return hasMagicMarker(payload) ? REFUSED : { kind: "opened", opus: payload };
  }
  if (session === undefined || !session.ready) return NOT_READY;
  return tryKey(session, userId, payload);
}

/** Whose key opens the payload, of those in the group; the key proves who sent it. */
export function findSender(
  dave: DaveState | undefined,
  payload: Buffer,
  candidates: Iterable<string>,
): { readonly userId: string; readonly opus: Buffer } | undefined {
  const session = dave?.session;
  if (session === undefined || !session.ready || !hasMagicMarker(payload)) return undefined;
  const members = new Set(session.getUserIds());
  for (const userId of candidates) {
    if (!members.has(userId)) continue;
    const result = tryKey(session, userId, payload);
    if (result.kind === "opened") return { userId, opus: result.opus };
  }
  return undefined;
}

function tryKey(session: DaveySession, userId: string, payload: Buffer): DecryptResult {
  let opus: Buffer;
  try {
    opus = session.decrypt(userId, MEDIA_TYPE_AUDIO, payload);
  } catch {
    // davey throws for a wrong key, a replay, a damaged frame and an unknown member alike. The caller counts it.
    return REFUSED;
  }
  // In pass-through mode davey gives its input back. Opening an encrypted frame makes it shorter, so a marker at the
  // end of a payload that kept its length is ciphertext; one at the end of a shorter payload is Opus by coincidence.
  if (opus.length === payload.length && hasMagicMarker(opus)) return REFUSED;
  return { kind: "opened", opus };
}
