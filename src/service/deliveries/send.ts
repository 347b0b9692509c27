import { AddressRefusedError, publicLookup } from "../../delivery/addresses.ts";
import { basicCredentials } from "../../delivery/destination.ts";
import { askDnsServers } from "../../delivery/dns-servers.ts";
import { type Exchange, envelopeBody, exchange } from "../../delivery/exchange.ts";
import { messageOf } from "../../errors.ts";
import type { Webhooks } from "../domain/job-row.ts";
import { sealPurpose } from "../domain/seal-purpose.ts";
import type { ClaimedDelivery } from "../ports/deliveries.ts";
import type { KeyRow } from "../ports/keys.ts";
import type { Sealer } from "../ports/store.ts";
import { webhookProblem } from "../webhook-address.ts";
import { webhookHeaders } from "./webhook-headers.ts";

export interface SendOptions {
  readonly sealer: Sealer;
  readonly userAgent: string;
  /** For one exchange. */
  readonly timeoutMs: number;
  /** Whether webhooks may be in a private network. */
  readonly allowPrivate: boolean;
}

/** The longest `Retry-After` that is respected. */
const MAX_RETRY_AFTER_MS = 3_600_000;

/**
 * Sends a delivery once. A revoked key still signs, because its jobs' events are due and the receiver knows its secret.
 *
 * @param at epoch milliseconds
 */
export async function sendOnce(
  delivery: ClaimedDelivery,
  at: number,
  { sealer, userAgent, timeoutMs, allowPrivate }: SendOptions,
  signal: AbortSignal,
): Promise<Exchange> {
  const { id: deliveryId, job, key, kind, attempts } = delivery;
  const opened = open(() => ({ url: addressOf(delivery, sealer), secrets: secretsOf(key, at, sealer) }));
  if ("problem" in opened) return failed(opened.problem);
  const { url, secrets } = opened;
  if (url === undefined) return failed(`the job ${job.id} has no webhook for ${kind} events`);
  const parsed = URL.parse(url);
  if (parsed === null) return failed("the webhook's address is not a URL");
  const problem = webhookProblem(url, allowPrivate);
  if (problem !== undefined) return failed(`the webhook's address: ${problem}`);
  const emittedAt = new Date(delivery.emittedAt).toISOString();
  const body = envelopeBody({ deliveryId, emittedAt, data: JSON.parse(delivery.dataJson) }, attempts + 1);
  const destination = {
    ...{ kind: "webhook" as const, url: parsed, lookup: allowPrivate ? undefined : publicLookup(askDnsServers()) },
    credentials: () => ({ ...webhookHeaders({ deliveryId, at, body, secrets }), ...basicCredentials(parsed) }),
  };
  const options = { userAgent, timeoutMs, signal, now: new Date(at), maxWaitMs: MAX_RETRY_AFTER_MS };
  return withoutAddress(await exchange(destination, body, options));
}

/** Customers read the history. It must not show which addresses names have in the operator's network. */
function withoutAddress(result: Exchange): Exchange {
  if (result.verdict === "accepted" || !(result.cause instanceof AddressRefusedError)) return result;
  return { ...result, reason: "the webhook's host name has an address that is not public" };
}

function addressOf({ job, kind }: ClaimedDelivery, sealer: Sealer): string | undefined {
  if (job.webhooksSealed === null) return undefined;
  const webhooks: Webhooks = JSON.parse(sealer.open(job.webhooksSealed, sealPurpose.webhooks(job.id)));
  return kind === "status" ? webhooks.onStatus : webhooks.onFinalize;
}

/** The secrets to sign with, newest first: two while the secret is rotated. */
function secretsOf(key: KeyRow, at: number, sealer: Sealer): string[] {
  const { webhookSecretSealed, oldWebhookSecretSealed, oldWebhookSecretUntil } = key;
  const isOldValid = oldWebhookSecretUntil !== null && oldWebhookSecretUntil > at;
  const sealed = [webhookSecretSealed, ...(isOldValid ? [oldWebhookSecretSealed] : [])];
  return sealed.flatMap((text) => (text === null ? [] : [sealer.open(text, sealPurpose.webhookSecret(key.id))]));
}

/** A delivery whose secrets cannot be opened is retried, because the operator can put the sealing key back. */
function open<Result>(read: () => Result): Result | { readonly problem: string } {
  try {
    return read();
  } catch (error) {
    return { problem: `the delivery's secrets cannot be opened: ${messageOf(error)}` };
  }
}

function failed(reason: string): Exchange {
  return { verdict: "try_again", status: null, reason, waitMs: 0 };
}
