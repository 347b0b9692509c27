import type { Cores } from "./cores.ts";

/** How the sections measure. */
export interface Plan {
  readonly quick: boolean;
  readonly cores: Cores;
  /** How often each peer is measured, in turns with the others. */
  readonly rounds: number;
  /** The seed of every call. */
  readonly seed: number;
  /** Length of the long run that shows the growth of memory. */
  readonly longRunMinutes: number;
  /** Reports progress. */
  readonly progress: (line: string) => void;
}
