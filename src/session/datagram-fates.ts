import { z } from "zod";
import { DROP_FATES, type DropFate } from "../audio/fates.ts";

const count = z.number().int().min(0);
// A version that did not know a fate has counted nothing under it.
const counted = count.default(0);
const known = Object.fromEntries(DROP_FATES.map((fate) => [fate, counted])) as Record<DropFate, typeof counted>;

/**
 * Datagrams by their fate, as the manifest and the journal have them. A writer writes every fate. A reader takes a fate
 * that an older version left out as 0, and keeps one that a newer version added, so that the sum is still right.
 */
export const datagramFates = z.object({ received: count, written: count, dropped: z.object(known).catchall(count) });
