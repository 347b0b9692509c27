import { InputError } from "../errors.ts";

/** Bad input is a sentence for the person who gave it; anything else is ours, and its stack helps to mend it. */
export function explainFailure(error: unknown): number {
  if (error instanceof InputError) {
    process.stderr.write(`meetbot-discord: ${error.message}\n`);
    return 1;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`meetbot-discord: unexpected failure, please report it\n${text}\n`);
  return 2;
}
