import type { RefObject } from "preact";
import { useRef, useState } from "preact/hooks";

export interface Paging {
  /** The list, which is scrolled to when another page of it is shown. */
  readonly list: RefObject<HTMLUListElement | null>;
  /** Whether this is the page with the newest items. */
  readonly isFirst: boolean;
  /** For the address of a request: empty on the first page. */
  readonly query: string;
  readonly number: number;
  readonly back: () => void;
  readonly forth: (cursor: string) => void;
  readonly restart: () => void;
}

/** Where a list is, of which the service says at the end of each page how the next one is asked for. */
export function usePaging(): Paging {
  /** Where each page after the first one begins, up to this one. */
  const list = useRef<HTMLUListElement>(null);
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const cursor = cursors.at(-1);
  const go = (to: readonly string[]): void => {
    setCursors(to);
    list.current?.scrollIntoView();
  };
  return {
    list,
    isFirst: cursor === undefined,
    query: cursor === undefined ? "" : `&cursor=${encodeURIComponent(cursor)}`,
    number: cursors.length + 1,
    back: () => go(cursors.slice(0, -1)),
    forth: (next) => go([...cursors, next]),
    restart: () => go([]),
  };
}

/** Buttons to other pages of a list; nothing if there is only one. */
export function Pages({ paging, next }: { readonly paging: Paging; readonly next: string | null | undefined }) {
  if (paging.isFirst && next == null) return null;
  return (
    <nav class="paging" aria-label="Pages">
      <button type="button" aria-disabled={paging.isFirst} onClick={paging.back}>
        Newer
      </button>
      <span role="status">Page {paging.number}</span>
      <button type="button" aria-disabled={next == null} onClick={() => next != null && paging.forth(next)}>
        Older
      </button>
    </nav>
  );
}
