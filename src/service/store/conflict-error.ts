import { StoreUnavailableError } from "../ports/store.ts";

/** Two transactions collided, and this one was rolled back. It may succeed if it is run again. */
export class ConflictError extends StoreUnavailableError {}
