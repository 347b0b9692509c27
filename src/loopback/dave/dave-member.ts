/** Receives a group's messages to one participant. */
export interface DaveMember {
  readonly userId: string;
  /**
   * Whether it is a client on the wire: it processes a commit when it gets op 29 and confirms with op 23. A simulated
   * speaker processes it at execution, because davey encrypts with the new key after `processCommit`.
   */
  readonly remote: boolean;
  /** Op 25. */
  receiveExternalSender(payload: Buffer): void;
  /** Op 27. */
  receiveProposals(payload: Buffer): void;
  /** Op 29. */
  receiveCommit(transitionId: number, commit: Buffer): void;
  /** Op 30. */
  receiveWelcome(transitionId: number, welcome: Buffer): void;
  /** Op 21 with version 0: once it is executed, nothing is encrypted end to end any more. */
  prepareDowngrade(transitionId: number): void;
  /** Op 24 with epoch 1: send a key package for a new group, and keep the old group until its transition is executed. */
  beginGroup(): void;
  /** Op 22; transition 0 executes without it. */
  executeTransition(transitionId: number): void;
  /** Op 24 with epoch 1, then op 21: begin a new group with no other member, and send a new key package. */
  startOver(): void;
  /** Calls back once everything sent so far has been processed. */
  whenCaughtUp(callback: () => void): void;
}
