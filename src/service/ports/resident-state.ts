/** Whether the resident is connected, and otherwise why not, in a sentence for people. */
export type ResidentState =
  | { readonly kind: "connecting"; readonly ready: number; readonly shards: number }
  | { readonly kind: "connected"; readonly shards: number }
  /** It tries again by itself. */
  | { readonly kind: "waiting"; readonly why: string }
  /** It does not try again. */
  | { readonly kind: "refused"; readonly why: string };
