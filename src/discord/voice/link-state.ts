/** Ends a timer. */
export type Stop = () => void;

interface Open {
  /** Ends the wait for the next step, if there is one: a retry, or the deadline of an attempt. */
  stopStep: Stop | undefined;
  /** Why this machine itself refused the last connection. */
  certificateTrouble: string | undefined;
}

/** Nothing can be received. */
export interface Trying extends Open {
  /** Failed connections since the last one that was ready. */
  attempt: number;
  /** Ends the deadline of all attempts together. */
  readonly stopDeadline: Stop;
  /** We leave the channel ourselves, to join it again. */
  isLeaving: boolean;
}

export type LinkState =
  /** Before the first connection that was ready. */
  | ({ readonly kind: "joining" } & Trying)
  /** Datagrams come, also while the gateway's socket is being resumed. */
  | ({ readonly kind: "live" } & Open)
  | ({ readonly kind: "disconnected" } & Trying)
  | { readonly kind: "over" };
