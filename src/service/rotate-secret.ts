import { formatWebhookSecret, WEBHOOK_SECRET_BYTES } from "./domain/key-format.ts";
import { sealPurpose } from "./domain/seal-purpose.ts";
import type { Clock } from "./ports/clock.ts";
import type { KeyStore, Rotation } from "./ports/keys.ts";
import type { Sealer } from "./ports/store.ts";

const HOUR_MS = 3_600_000;

type RotatedSecret =
  /** `webhookSecret` is shown only now. */
  | (Extract<Rotation, { kind: "rotated" }> & { readonly webhookSecret: string })
  | Exclude<Rotation, { kind: "rotated" }>;

/**
 * Gives a key a new webhook secret. The one before is valid for a while too: events then have a signature of each.
 *
 * @param overlapHours 0 if the secret before is no longer valid from now on
 */
export async function rotateSecret(
  keyId: string,
  overlapHours: number,
  means: {
    readonly store: Pick<KeyStore, "rotateWebhookSecret">;
    readonly clock: Clock;
    readonly sealer: Sealer;
    readonly random: (bytes: number) => Uint8Array;
  },
): Promise<RotatedSecret> {
  const { store, clock, sealer, random } = means;
  const webhookSecret = formatWebhookSecret(random(WEBHOOK_SECRET_BYTES));
  const at = clock.now();
  const rotation = await store.rotateWebhookSecret(keyId, {
    ...{ at, newSealed: sealer.seal(webhookSecret, sealPurpose.webhookSecret(keyId)) },
    oldUntil: overlapHours === 0 ? null : at + overlapHours * HOUR_MS,
  });
  return rotation.kind === "rotated" ? { ...rotation, webhookSecret } : rotation;
}
