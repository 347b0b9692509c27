/** Ends a timer. */
export type Stop = () => void;

interface Open {
  /** Ends the wait for the next step, if any: a retry, or the deadline of an attempt. */
  stopStep: Stop | undefined;
  /** Why this machine refused the last connection. */
  certificateTrouble: string | undefined;
}

/** Nothing can be received. */
export interface Trying extends Open {
  /** Failed connections since the last one that was ready. */
  attempt: number;
  /** Ends the overall deadline of the attempts. */
  readonly stopDeadline: Stop;
  /** The bot leaves the channel in order to rejoin it. */
  isLeaving: boolean;
}

export type LinkState =
  /** Before the first connection that was ready. */
  | ({ readonly kind: "joining" } & Trying)
  /** Datagrams arrive, even while the gateway's socket is being resumed. */
  | ({ readonly kind: "live" } & Open)
  | ({ readonly kind: "disconnected" } & Trying)
  | { readonly kind: "over" };
