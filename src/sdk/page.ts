import { MeetbotResponseError } from "./errors.ts";

/** What a list answers. */
export interface PageAnswer<Item> {
  readonly data: readonly Item[];
  readonly nextCursor: string | null;
}

/** A page of a list, newest first. Iterate over it to get its items and those of all pages after it. */
export interface Page<Item> extends AsyncIterable<Item> {
  readonly data: readonly Item[];
  /** For the query `cursor`; null on the last page. */
  readonly nextCursor: string | null;
  /** The next page; undefined after the last one. */
  next(): Promise<Page<Item> | undefined>;
  /** This page and all after it, each fetched when it is asked for. */
  pages(): AsyncGenerator<Page<Item>>;
}

type Load<Item> = (cursor: string) => Promise<PageAnswer<Item>>;

/** @param load fetches the page after a cursor */
export function pageOf<Item>({ data, nextCursor }: PageAnswer<Item>, load: Load<Item>): Page<Item> {
  const page: Page<Item> = {
    data,
    nextCursor,
    next: async () => {
      if (nextCursor === null) return undefined;
      const answer = await load(nextCursor);
      if (answer.nextCursor !== nextCursor) return pageOf(answer, load);
      throw new MeetbotResponseError(200, "the service answered with the same page again");
    },
    pages: () => pagesFrom(page),
    [Symbol.asyncIterator]: () => itemsFrom(page),
  };
  return page;
}

async function* pagesFrom<Item>(first: Page<Item>): AsyncGenerator<Page<Item>> {
  for (let page: Page<Item> | undefined = first; page !== undefined; page = await page.next()) yield page;
}

async function* itemsFrom<Item>(first: Page<Item>): AsyncGenerator<Item> {
  for await (const page of pagesFrom(first)) yield* page.data;
}
