// What `keys` does. `keys.ts` describes the commands and loads this file only to run one.
import { randomBytes } from "node:crypto";
import { hasDatabase, openExistingData, openSharedData, type ServiceData } from "../../../compose/service-data.ts";
import { createKey } from "../../../compose/service-keys.ts";
import { InputError } from "../../../errors.ts";
import { overlapText } from "../../../service/domain/secret-overlap.ts";
import { rotateSecret } from "../../../service/rotate-secret.ts";
import { loadServiceConfig } from "../../../settings/service.ts";
import { storageUri } from "../../../settings/table/types.ts";
import { printable } from "../../../text/safe-text.ts";

export interface CreateOptions {
  readonly config?: string;
  readonly consumer: string;
  readonly name: string;
  readonly mode: "live" | "test";
  readonly role: "customer" | "operator";
  readonly maxConcurrent?: number;
  readonly storage?: string;
}

const MAX_NAME_LENGTH = 100;

export async function addKey(options: CreateOptions): Promise<void> {
  const { consumer, name, mode, role, maxConcurrent, storage } = options;
  for (const [option, text] of Object.entries({ "--consumer": consumer, "--name": name })) {
    if (text.trim() !== "" && text.length <= MAX_NAME_LENGTH && printable(text) === text) continue;
    throw new InputError(`${option}: expected a text of 1 to ${MAX_NAME_LENGTH} characters`);
  }
  if (storage !== undefined && !storageUri.schema.safeParse(storage).success) {
    throw new InputError(`--storage is "${printable(storage)}", expected ${storageUri.accepts}`);
  }
  const place = loadServiceConfig({ environment: process.env, file: options.config });
  const isNew = !(await hasDatabase(place));
  await withData(await openSharedData(place), async (data) => {
    const made = await createKey(data, {
      ...{ consumerName: consumer, name, mode, role },
      ...(maxConcurrent === undefined ? {} : { maxConcurrent }),
      ...(storage === undefined ? {} : { storageUri: storage }),
    });
    process.stdout.write(
      `key: ${made.key}\nwebhook secret: ${made.webhookSecret}\nid: ${made.row.id}\nBoth are shown only now.\n`,
    );
    if (isNew) {
      process.stdout.write(
        `There was no service in ${printable(place.dataDirectory)}: its database was made, and the key is in it. A service with this MEETBOT_SERVICE_DATA_DIR knows the key.\n`,
      );
    }
  });
}

export async function listKeys(config: string | undefined): Promise<void> {
  await withData(await existing(config), async ({ store }) => {
    const consumers = new Map((await store.consumers()).map(({ id, name }) => [id, name]));
    for (const key of await store.keys()) {
      const state = key.revokedAt === null ? "valid" : `revoked ${new Date(key.revokedAt).toISOString()}`;
      const fields = [
        ...[key.id, key.shownPrefix, consumers.get(key.consumerId) ?? "", key.name, key.role],
        ...[`${key.maxConcurrent} jobs`, state],
      ];
      process.stdout.write(`${fields.map(printable).join("  ")}\n`);
    }
  });
}

export async function revokeKey(id: string, config: string | undefined): Promise<void> {
  await withData(await existing(config), async ({ store }) => {
    if (await store.revokeKey(id, Date.now())) process.stdout.write(`${printable(id)} is revoked\n`);
    else throw new InputError(`there is no key ${printable(id)}, expected an id that keys ls shows`);
  });
}

export interface RotateOptions {
  readonly config?: string;
  readonly overlapHours: number;
}

export async function rotateKeySecret(id: string, { config, overlapHours }: RotateOptions): Promise<void> {
  await withData(await existing(config), async ({ store, sealer }) => {
    const rotated = await rotateSecret(id, overlapHours, {
      store,
      sealer,
      clock: { now: Date.now },
      random: randomBytes,
    });
    switch (rotated.kind) {
      case "not_found":
        throw new InputError(`there is no key ${printable(id)}, expected an id that keys ls shows`);
      case "overlaps":
        throw new InputError(overlapText(new Date(rotated.oldUntil).toISOString()));
      case "rotated":
        process.stdout.write(
          `webhook secret: ${rotated.webhookSecret}\nIt is shown only now. ${before(rotated.oldUntil)}\n`,
        );
    }
  });
}

function before(oldUntil: number | null): string {
  return oldUntil === null
    ? "The secret before is no longer valid."
    : `The secret before is valid until ${new Date(oldUntil).toISOString()}: until then events have a signature of each.`;
}

async function existing(file: string | undefined): Promise<ServiceData> {
  return await openExistingData(loadServiceConfig({ environment: process.env, file }));
}

async function withData(data: ServiceData, use: (data: ServiceData) => Promise<void>): Promise<void> {
  try {
    await use(data);
  } finally {
    await data.store.close();
  }
}
