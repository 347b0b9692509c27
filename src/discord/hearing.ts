import type { CallEnd } from "../session/exit.ts";
import { DeafnessMonitor } from "./deafness.ts";
import type { KeyHistory } from "./key-history.ts";

/** From here on it is a gap that nothing of what comes can be opened; shorter is a change of keys. */
const UNHEARD_AFTER_MS = 1_000;
/** The encrypted group is joined again this often at the most. */
const REGROUP_INTERVAL_MS = 3_000;
/** Speech unheard for so long is a stalled capture. */
const STALLED_AFTER_MS = 10_000;
const MAX_REJOINS = 3;

/** What can be done where people speak and nothing of it can be heard. */
export interface HearingListener {
  connection(state: "live" | "reconnecting" | "unheard"): void;
  /** Our keys are not the group's: it is to be joined again. */
  regroup(): void;
  /** The capture has stalled: the channel is to be joined anew. */
  rejoin(): void;
  /** Nothing has helped. */
  gaveUp(end: CallEnd): void;
}

/**
 * Whether the call can be heard, and what is tried where it cannot: joining the encrypted group again, then the channel,
 * then giving up. Pure: time is an argument, in milliseconds of a monotonic clock.
 */
export class Hearing {
  readonly #keys: Pick<KeyHistory, "patienceMs">;
  readonly #listener: HearingListener;
  readonly #deafness = new DeafnessMonitor();
  #rejoins = 0;
  #lastRegroupMs = Number.NEGATIVE_INFINITY;
  #away = false;
  #deafened = false;
  #unheard = false;

  constructor(keys: Pick<KeyHistory, "patienceMs">, listener: HearingListener) {
    this.#keys = keys;
    this.#listener = listener;
  }

  get deafened(): boolean {
    return this.#deafened;
  }

  /** Somebody's speech came out. */
  heard(): void {
    this.#deafness.heard();
    this.#rejoins = 0;
  }

  /** A sign of speech: a datagram that waits for its key or its speaker, or the gateway's word that somebody speaks. */
  sign(nowMs: number): void {
    this.#deafness.sign(nowMs);
  }

  /** A new voice connection begins with a clean slate. */
  connected(): void {
    this.#deafness.reset();
  }

  setAway(away: boolean): void {
    this.#away = away;
    this.#tell();
  }

  /** By the server's moderators: Discord sends no audio then. */
  setDeafened(deafened: boolean): void {
    this.#deafened = deafened;
    this.#deafness.reset();
    this.#tell();
  }

  /**
   * Call ten times a second.
   *
   * @param waiting whether anything waits for its speaker or its key
   */
  poll(nowMs: number, waiting: boolean): void {
    const unheardMs = this.#deafness.unheardMs(nowMs);
    this.#setUnheard(waiting && unheardMs >= UNHEARD_AFTER_MS);
    if (this.#away || this.#deafened) return;
    if (unheardMs >= STALLED_AFTER_MS) this.#rejoin();
    else if (waiting && unheardMs >= this.#keys.patienceMs) this.#regroup(nowMs);
  }

  #regroup(nowMs: number): void {
    if (nowMs - this.#lastRegroupMs < REGROUP_INTERVAL_MS) return;
    this.#lastRegroupMs = nowMs;
    this.#listener.regroup();
  }

  #rejoin(): void {
    this.#deafness.reset();
    this.#rejoins += 1;
    if (this.#rejoins <= MAX_REJOINS) {
      this.#listener.rejoin();
      return;
    }
    const detail = `people spoke, but nothing of it could be decrypted, and joining anew ${MAX_REJOINS} times did not help`;
    this.#listener.gaveUp({ exitReason: "network_loss", failureCode: "recording_disabled", detail });
  }

  #setUnheard(unheard: boolean): void {
    if (unheard === this.#unheard) return;
    this.#unheard = unheard;
    this.#tell();
  }

  #tell(): void {
    this.#listener.connection(this.#away ? "reconnecting" : this.#deafened || this.#unheard ? "unheard" : "live");
  }
}
