/**
 * What the HTTP server holds at most for its clients, and for how long. A worker has little memory, and anybody who
 * reaches the port may send anything.
 */

/** Further ones are closed as they arrive. A prober, a scraper and an orchestrator have one or two each. */
export const MAX_CONNECTIONS = 16;

/** Requests on one connection whose answers are not sent yet. Only clients that pipeline have more than one. */
export const MAX_WAITING_REQUESTS = 4;

/**
 * What the parser gets at once. It parses all of it, even after the connection was refused: 40 bytes become a request
 * that takes about 3 KB.
 */
export const SLICE_BYTES = 2 * 1024;

/** Of the request line and the headers together; Node's own default, named because the documentation promises it. */
export const MAX_HEADER_BYTES = 16 * 1024;

/** Of a request's body: a message of 2,000 characters takes at most 12 KB, each escaped as JSON allows. */
export const MAX_BODY_BYTES = 16 * 1024;

/** For the headers to arrive whole. */
export const HEADERS_MS = 10_000;

/** For a request to arrive whole, with its body. A slow network sends 16 KB in much less. */
export const REQUEST_MS = 30_000;

/** How often the two deadlines above are checked: a request may take this much longer. */
export const DEADLINE_CHECK_MS = 5_000;

/** A connection on which nothing moves, such as one whose answers nobody reads. */
export const IDLE_MS = 15_000;

/** Between two requests on one connection. Orchestrators reuse a connection for seconds, and open a new one later. */
export const KEEP_ALIVE_MS = 15_000;
