/** The limits of an HTTP server for its clients, in size and time. Anyone who reaches the port may send anything. */
export interface HttpLimits {
  /** Further ones are closed as they arrive. */
  readonly maxConnections: number;
  /** Pending requests on one connection. Only clients that pipeline have more than one. */
  readonly maxWaitingRequests: number;
  /**
   * The bytes that the parser gets at once. It parses all of them, even after the connection was refused, and 40 bytes
   * become a request of about 3 KB.
   */
  readonly sliceBytes: number;
  /** The request line and the headers together. */
  readonly maxHeaderBytes: number;
  /** A request's body. */
  readonly maxBodyBytes: number;
  /** Time for the complete headers to arrive. */
  readonly headersMs: number;
  /** Time for a complete request with its body to arrive. */
  readonly requestMs: number;
  /** How often the two deadlines above are checked; a request may take this much longer. */
  readonly deadlineCheckMs: number;
  /** Time limit for a connection without traffic, for example if the client does not read. */
  readonly idleMs: number;
  /** Idle time between two requests on one connection. */
  readonly keepAliveMs: number;
}
