import { randomBytes } from "node:crypto";
import { newConsumerId } from "../service/domain/ids.ts";
import { type MadeKey, makeKey } from "../service/make-key.ts";
import type { KeyRow } from "../service/ports/keys.ts";
import type { ServiceData } from "./service-data.ts";

/** Live jobs at the same time, of a key for which nobody said how many. */
const DEFAULT_MAX_CONCURRENT = 10;

export interface WantedKey {
  readonly consumerName: string;
  readonly name: string;
  readonly mode: KeyRow["mode"];
  readonly role: KeyRow["role"];
  readonly maxConcurrent?: number;
  readonly storageUri?: string;
}

/** Adds a key, and its consumer if there is none with this name. The key and its webhook secret are shown once. */
export async function createKey({ store, sealer }: ServiceData, wanted: WantedKey): Promise<MadeKey> {
  const { consumerName, maxConcurrent = DEFAULT_MAX_CONCURRENT, storageUri = null, name, mode, role } = wanted;
  const known = (await store.consumers()).find((consumer) => consumer.name === consumerName);
  const now = Date.now();
  const consumer = known ?? { id: newConsumerId(now), name: consumerName, createdAt: now };
  if (known === undefined) await store.addConsumer(consumer);
  const made = makeKey(
    { consumerId: consumer.id, name, mode, role, maxConcurrent, storageUri },
    { clock: { now: () => Date.now() }, sealer, random: (bytes) => randomBytes(bytes) },
  );
  await store.addKey(made.row);
  return made;
}
