/**
 * What an HTTP server holds at most for its clients, and for how long. Anybody who reaches the port may send anything.
 */
export interface HttpLimits {
  /** Further ones are closed as they arrive. */
  readonly maxConnections: number;
  /** Requests on one connection whose answers are not sent yet. Only clients that pipeline have more than one. */
  readonly maxWaitingRequests: number;
  /**
   * What the parser gets at once. It parses all of it, even after the connection was refused: 40 bytes become a request
   * that takes about 3 KB.
   */
  readonly sliceBytes: number;
  /** Of the request line and the headers together. */
  readonly maxHeaderBytes: number;
  /** Of a request's body. */
  readonly maxBodyBytes: number;
  /** For the headers to arrive whole. */
  readonly headersMs: number;
  /** For a request to arrive whole, with its body. */
  readonly requestMs: number;
  /** How often the two deadlines above are checked: a request may take this much longer. */
  readonly deadlineCheckMs: number;
  /** A connection on which nothing moves, such as one whose answers nobody reads. */
  readonly idleMs: number;
  /** Between two requests on one connection. */
  readonly keepAliveMs: number;
}
