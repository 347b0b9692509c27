import type { Cores } from "./cores.ts";
import type { PeerHost, PeerName } from "./peers.ts";

/** How the sections measure. */
export interface Plan {
  readonly quick: boolean;
  readonly cores: Cores;
  readonly host: PeerHost;
  /** All that are compared: the worker, the recipe, the floor, and the worker on another Node if one is given. */
  readonly peers: readonly PeerName[];
  /** How often each peer is measured, in turns with the others. */
  readonly rounds: number;
  /** The seed of every call. */
  readonly seed: number;
  /** Length of the long run that shows the growth of memory. */
  readonly longRunMinutes: number;
  /** Reports progress. */
  readonly progress: (line: string) => void;
}
