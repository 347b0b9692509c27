/** Newest first. The cursor is opaque. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}
