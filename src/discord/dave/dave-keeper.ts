import type { DAVESession } from "@discordjs/voice";
import davey from "@snazzah/davey";
import { VoiceOpcodes } from "discord-api-types/voice/v8";
import { messageOf } from "../../errors.ts";
import type { DaveState, DaveySession } from "./open-frame.ts";
import { OwnCommits } from "./own-commits.ts";

/**
 * A change of the end-to-end keys, after the library has processed the message.
 * https://daveprotocol.com/#voice-gateway-opcodes
 */
export type KeyEvent =
  /** Op 21: receivers must be ready for the protocol version; senders continue as before until op 22. */
  | { readonly kind: "prepare_transition"; readonly transitionId: number; readonly protocolVersion: number }
  /** Op 22: senders now use the new keys. Transition 0 is executed as soon as it is prepared, without op 22. */
  | { readonly kind: "execute_transition"; readonly transitionId: number; readonly wasPending: boolean }
  /** Op 24. With epoch 1 a new group begins, and a key package was sent for it. */
  | { readonly kind: "prepare_epoch"; readonly protocolVersion: number; readonly epoch: number }
  /** Op 29: the keys of the next epoch are ready, next to those of the last. */
  | { readonly kind: "commit"; readonly transitionId: number; readonly epoch: bigint | null }
  /** Op 30: we are in the group, and have its keys. */
  | { readonly kind: "welcome"; readonly transitionId: number; readonly epoch: bigint | null }
  /** We sent op 31 and a new key package, so the group will remove us and add us again. */
  | { readonly kind: "left_group"; readonly transitionId: number }
  /** Discord's own clients ignore the message too: no key has changed. */
  | { readonly kind: "ignored"; readonly opcode: number; readonly reason: string };

/** How long senders may use the keys of a left group after the next one's keys are ready. */
const FORMER_KEYS_MS = 10_000;
/**
 * The most left groups whose keys are kept. Groups can be left one after another without a new one, and old keys are
 * still used.
 */
const MAX_FORMER_SESSIONS = 4;

type Keyed = DAVESession["session"] & DaveySession;

/**
 * Sits between the library's end-to-end wrapper and the voice gateway's messages. It ignores messages that Discord's
 * own library (libdave) ignores, because the wrapper would throw or leave the group. When a group is left for a new
 * one, davey forgets every key at once, but senders use them until the new group's transition is executed. So the
 * library gets a new davey session each time, and the previous one is kept for a while.
 */
export class DaveKeeper implements DaveState {
  readonly #dave: DAVESession;
  readonly #onEvent: (event: KeyEvent) => void;
  #former: readonly DaveySession[] = [];
  #externalSender: Buffer | undefined;
  readonly #ownCommits = new OwnCommits();

  /** Replaces the wrapper's methods for its whole lifetime. */
  constructor(dave: DAVESession, onEvent: (event: KeyEvent) => void) {
    this.#dave = dave;
    this.#onEvent = onEvent;
    this.#followJson();
    this.#followBinary();
    this.#followReinit();
  }

  get protocolVersion(): number {
    return this.#dave.protocolVersion;
  }

  get session(): DaveySession | undefined {
    return this.#dave.session as Keyed | undefined;
  }

  get former(): readonly DaveySession[] {
    return this.#former;
  }

  /** Leaves the MLS group and asks to be added again. May throw davey's errors. */
  leaveGroup(): void {
    // Once re-initialising, the library ignores every further failure until a commit or welcome comes.
    this.#dave.reinitializing = false;
    this.#dave.recoverFromInvalidTransition(this.#dave.lastTransitionId ?? 0);
  }

  #followJson(): void {
    const dave = this.#dave;
    const [prepareTransition, executeTransition, prepareEpoch] = [
      dave.prepareTransition.bind(dave),
      dave.executeTransition.bind(dave),
      dave.prepareEpoch.bind(dave),
    ];
    dave.prepareTransition = (data) => {
      const { transition_id: transitionId, protocol_version: protocolVersion } = data;
      if (this.#isUnknownVersion(VoiceOpcodes.DavePrepareTransition, protocolVersion)) return false;
      // If the id is 0, the library calls `executeTransition` next, so this event has to come first.
      this.#onEvent({ kind: "prepare_transition", transitionId, protocolVersion });
      return prepareTransition(data);
    };
    dave.executeTransition = (transitionId) => {
      const wasPending = executeTransition(transitionId);
      this.#onEvent({ kind: "execute_transition", transitionId, wasPending });
      return wasPending;
    };
    dave.prepareEpoch = (data) => {
      const { protocol_version: protocolVersion, epoch } = data;
      if (this.#isUnknownVersion(VoiceOpcodes.DavePrepareEpoch, protocolVersion)) return;
      prepareEpoch(data);
      this.#onEvent({ kind: "prepare_epoch", protocolVersion, epoch });
    };
  }

  #followBinary(): void {
    const dave = this.#dave;
    const [setExternalSender, processCommit, processWelcome] = [
      dave.setExternalSender.bind(dave),
      dave.processCommit.bind(dave),
      dave.processWelcome.bind(dave),
    ];
    dave.setExternalSender = (payload) => {
      this.#ignoringFailure(VoiceOpcodes.DaveMlsExternalSender, () => {
        setExternalSender(payload);
        this.#externalSender = payload;
      });
    };
    dave.processProposals = (payload, connectedClients) =>
      this.#ignoringFailure(VoiceOpcodes.DaveMlsProposals, () => {
        if (dave.session === undefined) throw new Error("there is no group");
        return this.#ownCommits.answer(dave.session, payload, [...connectedClients]);
      });
    dave.processCommit = (payload) => {
      const reason = this.#staleness(payload.subarray(TRANSITION_ID_BYTES));
      if (reason !== undefined) return this.#refuse(VoiceOpcodes.DaveMlsAnnounceCommitTransition, payload, reason);
      const result = processCommit(payload);
      if (result.success) this.#joined("commit", result.transitionId);
      return result;
    };
    dave.processWelcome = (payload) => {
      if (dave.session?.ready) return this.#refuse(VoiceOpcodes.DaveMlsWelcome, payload, "we are in the group already");
      const result = processWelcome(payload);
      if (result.success) this.#joined("welcome", result.transitionId);
      return result;
    };
  }

  #followReinit(): void {
    const dave = this.#dave;
    const [reinit, recover] = [dave.reinit.bind(dave), dave.recoverFromInvalidTransition.bind(dave)];
    dave.reinit = () => {
      this.#ownCommits.forget();
      const left = dave.session as Keyed | undefined;
      if (left === undefined || dave.protocolVersion === 0) {
        reinit();
        return;
      }
      dave.session = undefined;
      try {
        reinit();
      } finally {
        // The library may have failed to begin a new one.
        dave.session ??= left;
      }
      if (left.ready) this.#former = [left, ...this.#former].slice(0, MAX_FORMER_SESSIONS);
      if (this.#externalSender !== undefined) dave.session.setExternalSender(this.#externalSender);
    };
    dave.recoverFromInvalidTransition = (transitionId) => {
      if (dave.reinitializing) return;
      recover(transitionId);
      this.#onEvent({ kind: "left_group", transitionId });
    };
  }

  /** The new keys are ready, so the old ones remain useful only for this time. */
  #joined(kind: "commit" | "welcome", transitionId: number): void {
    this.#ownCommits.forget();
    const expired = this.#former;
    if (expired.length > 0) {
      const forget = (): void => {
        this.#former = this.#former.filter((session) => !expired.includes(session));
      };
      setTimeout(forget, FORMER_KEYS_MS).unref();
    }
    this.#onEvent({ kind, transitionId, epoch: this.session?.epoch ?? null });
    if (transitionId === 0) this.#onEvent({ kind: "execute_transition", transitionId, wasPending: true });
  }

  #isUnknownVersion(opcode: number, protocolVersion: number): boolean {
    if (protocolVersion <= davey.DAVE_PROTOCOL_VERSION) return false;
    this.#onEvent({ kind: "ignored", opcode, reason: `DAVE protocol version ${protocolVersion} is unknown` });
    return true;
  }

  /** libdave logs the problem with such a message and continues unchanged. */
  #ignoringFailure<Result>(opcode: number, process: () => Result): Result | undefined {
    try {
      return process();
    } catch (error) {
      this.#onEvent({ kind: "ignored", opcode, reason: messageOf(error) });
      return undefined;
    }
  }

  /** The message is dropped here, because the library does nothing more after a failure. */
  #refuse(opcode: number, payload: Buffer, reason: string): { transitionId: number; success: false } {
    this.#onEvent({ kind: "ignored", opcode, reason });
    return { transitionId: payload.readUInt16BE(0), success: false };
  }

  /** Why a commit cannot concern us; undefined if it may. davey refuses unreadable ones. */
  #staleness(commit: Buffer): string | undefined {
    const header = readCommitHeader(commit);
    if (header === undefined) return undefined;
    if (header.groupId !== BigInt(this.#dave.channelId)) return "a commit of another group";
    const epoch = this.session?.ready ? this.session.epoch : null;
    if (epoch !== null && header.epoch < epoch) return `a commit of epoch ${header.epoch}, which is over`;
    return undefined;
  }
}

const TRANSITION_ID_BYTES = 2;
/** MLSMessage with a PublicMessage (RFC 9420 §6): `u16 1`, `u16 1`, group id of 8 bytes with its length, `u64` epoch. */
const COMMIT_HEAD = Buffer.from([0, 1, 0, 1, 8]);
const GROUP_ID_BYTES = 8;
const EPOCH_BYTES = 8;

function readCommitHeader(commit: Buffer): { groupId: bigint; epoch: bigint } | undefined {
  const epochAt = COMMIT_HEAD.length + GROUP_ID_BYTES;
  if (commit.length < epochAt + EPOCH_BYTES || commit.indexOf(COMMIT_HEAD) !== 0) return undefined;
  return { groupId: commit.readBigUInt64BE(COMMIT_HEAD.length), epoch: commit.readBigUInt64BE(epochAt) };
}
