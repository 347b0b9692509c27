/** An object as Discord sends it. */
export type Json = Readonly<Record<string, unknown>>;
