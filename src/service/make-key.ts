import { newKeyId } from "./domain/ids.ts";
import {
  formatKey,
  formatWebhookSecret,
  hashOfKey,
  KEY_BYTES,
  shownPrefix,
  WEBHOOK_SECRET_BYTES,
} from "./domain/key-format.ts";
import { sealPurpose } from "./domain/seal-purpose.ts";
import type { Clock } from "./ports/clock.ts";
import type { KeyRow } from "./ports/keys.ts";
import type { Sealer } from "./ports/store.ts";

/** A new key: its row for the database, and its texts, which are shown only once. */
export interface MadeKey {
  readonly row: KeyRow;
  readonly key: string;
  readonly webhookSecret: string;
}

/** Makes an API key with a webhook secret of its own. */
export function makeKey(
  wanted: Pick<KeyRow, "consumerId" | "mode" | "role" | "name" | "maxConcurrent" | "storageUri">,
  means: { readonly clock: Clock; readonly sealer: Sealer; readonly random: (bytes: number) => Uint8Array },
): MadeKey {
  const { clock, sealer, random } = means;
  const key = formatKey(wanted.mode, random(KEY_BYTES));
  const webhookSecret = formatWebhookSecret(random(WEBHOOK_SECRET_BYTES));
  const createdAt = clock.now();
  const id = newKeyId(createdAt);
  return {
    key,
    webhookSecret,
    row: {
      ...wanted,
      ...{ id, hash: hashOfKey(key), shownPrefix: shownPrefix(key), createdAt, revokedAt: null },
      webhookSecretSealed: sealer.seal(webhookSecret, sealPurpose.webhookSecret(id)),
      ...{ oldWebhookSecretSealed: null, oldWebhookSecretUntil: null },
    },
  };
}
