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

/** The machine's memory limits the calls that start in Discord, not a key. */
const RESIDENT_MAX_CONCURRENT = 10_000;
const RESIDENT_KEY: WantedKey = {
  ...{ consumerName: "discord", name: "commands in Discord", mode: "live", role: "customer" },
  maxConcurrent: RESIDENT_MAX_CONCURRENT,
};

/** The key of the calls that start in Discord, made once. Nobody has the key itself, so nothing else can use it. */
export async function residentKey(data: ServiceData): Promise<KeyRow> {
  const { store } = data;
  const consumer = (await store.consumers()).find(({ name }) => name === RESIDENT_KEY.consumerName);
  const known = (await store.keys()).find(
    ({ consumerId, name, revokedAt }) =>
      consumerId === consumer?.id && name === RESIDENT_KEY.name && revokedAt === null,
  );
  return known ?? (await createKey(data, RESIDENT_KEY)).row;
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
