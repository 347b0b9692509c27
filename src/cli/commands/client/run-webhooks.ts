import { readFile } from "node:fs/promises";
import { InputError } from "../../../errors.ts";
import { verifyWebhookSignature } from "../../../sdk/index.ts";
import { webhookHeaders } from "../../../service/deliveries/webhook-headers.ts";
import { printable } from "../../../text/safe-text.ts";
import { clientOf } from "../../client/environment.ts";
import { followAll } from "../../client/follow-all.ts";
import { CLIENT_EXIT_CODES, endWith } from "../../client/outcome.ts";
import { type OutputOptions, printRecord } from "../../client/output.ts";

/** The work of `webhooks`. */

const RECEIVER_MS = 10_000;

export interface VerifyOptions extends OutputOptions {
  readonly body: string;
  readonly header: string;
  readonly secret?: string;
}

export async function verify({ body, header, secret = process.env.MEETBOT_WEBHOOK_SECRET, ...output }: VerifyOptions) {
  await endWith(async () => {
    if (secret === undefined || secret === "") {
      throw new InputError("--secret: missing, expected the webhook secret (whsec_…); or set MEETBOT_WEBHOOK_SECRET");
    }
    const valid = verifyWebhookSignature({ body: await bodyOf(body), header, secret });
    printRecord({ valid }, valid ? "genuine" : "not genuine", output);
    return valid ? CLIENT_EXIT_CODES.success : CLIENT_EXIT_CODES.wrongInput;
  });
}

async function bodyOf(path: string): Promise<Buffer> {
  if (path === "-") return Buffer.concat(await process.stdin.toArray());
  return await readFile(path).catch((error: unknown) => {
    throw new InputError(`--body: ${path} cannot be read`, { cause: error });
  });
}

export interface ListenOptions extends OutputOptions {
  readonly port: string;
  readonly path: string;
}

export async function listen({ port, path, ...output }: ListenOptions): Promise<void> {
  await endWith(async () => {
    if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
      throw new InputError("--port: expected a port from 1 to 65535");
    }
    if (!path.startsWith("/")) throw new InputError("--path: expected a path such as /hook");
    const { meetbot } = await clientOf(process.env);
    const address = `http://127.0.0.1:${port}${path}`;
    const onAway = (error: Error): void => note(`${error.message}; trying again`);
    const onBack = (): void => note("the service answers again");
    const onReady = (): void => {
      if (output.json !== true) printRecord({}, `sending job events to ${address}; Ctrl-C ends it`, output);
    };
    await followAll(meetbot, {
      ...{ onReady, onAway, onBack },
      onEvent: async ({ id: _id, ...event }) => {
        const status = await deliver(address, event.deliveryId, Buffer.from(JSON.stringify({ ...event, attempt: 1 })));
        const { jobId } = event.data;
        const text = printable(`${event.event}  ${jobId}  ${status ?? "no answer"}`);
        printRecord({ event: event.event, jobId, status }, text, output);
      },
    });
    return undefined;
  });
}

function note(text: string): void {
  process.stderr.write(`meetbot-discord: ${printable(text)}\n`);
}

/** @returns the HTTP status; null without an answer */
async function deliver(address: string, deliveryId: string, body: Buffer): Promise<number | null> {
  const secret = process.env.MEETBOT_WEBHOOK_SECRET;
  const signature = secret ? webhookHeaders({ deliveryId, at: Date.now(), body, secrets: [secret] }) : {};
  const headers = { "content-type": "application/json", "x-meetbot-webhook-version": "2", ...signature };
  const request = {
    method: "POST",
    headers,
    body,
    redirect: "manual",
    signal: AbortSignal.timeout(RECEIVER_MS),
  } as const;
  try {
    const response = await fetch(address, request);
    await response.body?.cancel();
    return response.status;
  } catch {
    // Nobody listens, or not in time. The line that is printed says so.
    return null;
  }
}
