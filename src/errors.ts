/** Whose fault a failure is: what to change, and who has to change it. */
export type Fault = "customer" | "platform" | "ours";

/**
 * An error whose sentence is meant for the person who reads it: it names the field or file, and says what is accepted.
 * The CLI prints the sentence alone, without a stack, and exits 1.
 */
export class InputError extends Error {
  override readonly name = "InputError";
}
