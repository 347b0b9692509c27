import { InputError, messageOf } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { CallEnd } from "../../session/exit.ts";
import type { Clock } from "../ports/clock.ts";
import type { Spool } from "../ports/spool.ts";

export interface SpoolSpaceOptions {
  /** Below this free space, open files are closed, which lets them be stored and removed. */
  readonly lowBytes: number;
  /** Below this free space, the recording ends. */
  readonly stopBytes: number;
}

export interface SpoolSpacePorts {
  readonly spool: Spool;
  readonly clock: Clock;
  readonly log: Log;
  /** Open files were deleted, and were created again where possible. */
  readonly onDeleted: (names: readonly string[]) => void;
}

const LOOK_EVERY_MS = 1_000;
/** While nobody speaks, next to nothing is written. */
const QUIET_LOOK_EVERY_MS = 5_000;
/** Minimum interval between closings. Closing more often would create many files without freeing more space. */
const CLOSE_EVERY_MS = 30_000;
/**
 * A disk that does not respond is logged after the first time and ends the call after the second, because nothing can
 * be recorded.
 */
const STUCK_LOGGED_MS = 30_000;
const STUCK_ENDS_MS = 300_000;

/** Watches the free space of the spool's disk. Verified files are removed at once, so this concerns files that wait. */
export class SpoolSpace {
  readonly #options: SpoolSpaceOptions & SpoolSpacePorts;
  #lookDueMs = 0;
  /** When the pending check of the disk began. */
  #lookingSinceMs: number | undefined;
  #stuckLogged = false;
  /** The last logged problem, until a check succeeds. */
  #trouble: string | undefined;
  #closeDueMs = 0;
  #freeBytes = Number.POSITIVE_INFINITY;

  constructor(options: SpoolSpaceOptions & SpoolSpacePorts) {
    this.#options = options;
  }

  /** @throws InputError if there is too little space to start a recording */
  async check(): Promise<void> {
    const { spool, stopBytes } = this.#options;
    const freeBytes = await spool.freeBytes();
    if (freeBytes >= stopBytes) return;
    throw new InputError(
      `MEETBOT_SPOOL_DIR: its disk has ${megabytes(freeBytes)} MB left, and MEETBOT_SPOOL_STOP_MB asks for ${megabytes(stopBytes)} at least`,
    );
  }

  /**
   * Call at least once a second.
   *
   * @param closeParts closes open files so they can be stored
   * @param isQuiet whether nobody speaks
   * @returns the end that a full disk requires, if any
   */
  tick(closeParts: () => void, isQuiet = false): CallEnd | undefined {
    const { spool, clock, lowBytes, stopBytes, log } = this.#options;
    const nowMs = clock.nowMs();
    if (nowMs >= this.#lookDueMs) {
      this.#lookDueMs = nowMs + (isQuiet ? QUIET_LOOK_EVERY_MS : LOOK_EVERY_MS);
      if (this.#lookingSinceMs === undefined) void this.#look(nowMs);
    }
    const stuckMs = nowMs - (this.#lookingSinceMs ?? nowMs);
    if (stuckMs >= STUCK_LOGGED_MS && !this.#stuckLogged) {
      this.#stuckLogged = true;
      log.warn({}, `the spool's disk has not answered for ${STUCK_LOGGED_MS / 1_000} s`);
    }
    if (stuckMs >= STUCK_ENDS_MS) {
      const detail = `the spool's disk has not answered for ${STUCK_ENDS_MS / 1_000} s`;
      return { exitReason: "internal_error", detail };
    }
    if (spool.full) return { exitReason: "internal_error", detail: "the spool's disk is full" };
    const freeBytes = this.#freeBytes;
    if (freeBytes < stopBytes) {
      const detail = `the spool's disk has ${megabytes(freeBytes)} MB left, less than MEETBOT_SPOOL_STOP_MB allows`;
      return { exitReason: "internal_error", detail };
    }
    if (freeBytes < lowBytes && nowMs >= this.#closeDueMs) {
      this.#closeDueMs = nowMs + CLOSE_EVERY_MS;
      log.warn(
        { freeBytes },
        "the spool's disk is nearly full: open files are closed, so that they can be stored and freed",
      );
      closeParts();
    }
    return undefined;
  }

  async #look(nowMs: number): Promise<void> {
    const { spool, log, onDeleted } = this.#options;
    this.#lookingSinceMs = nowMs;
    try {
      const names = await spool.restore();
      if (names.length > 0) onDeleted(names);
      this.#freeBytes = await spool.freeBytes();
      this.#trouble = undefined;
    } catch (error) {
      const trouble = messageOf(error);
      if (trouble !== this.#trouble)
        log.warn({ err: error }, `cannot find out how much room the spool's disk has: ${trouble}`);
      this.#trouble = trouble;
    } finally {
      this.#lookingSinceMs = undefined;
      this.#stuckLogged = false;
    }
  }
}

function megabytes(bytes: number): number {
  return Math.floor(bytes / 1_000_000);
}
