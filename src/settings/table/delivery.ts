import type { Setting } from "./setting.ts";
import { bearerToken, httpUrl, sharedSecret, webhookUrl, yesOrNo } from "./types.ts";

/** The receivers of job events. */
export const DELIVERY_SETTINGS = [
  {
    name: "MEETBOT_WEBHOOK_URL",
    key: "webhookUrl",
    type: webhookUrl,
    default: undefined,
    defaultText: "off",
    holdsCredentials: true,
    meaning: "where signed job events are sent",
  },
  {
    name: "MEETBOT_WEBHOOK_SECRET",
    key: "webhookSecret",
    type: sharedSecret,
    default: undefined,
    defaultText: "required with the webhook's address",
    secret: true,
    meaning: "key of the webhook's signatures",
  },
  {
    name: "MEETBOT_WEBHOOK_ALLOW_PRIVATE",
    key: "webhookAllowPrivate",
    type: yesOrNo,
    default: false,
    meaning: "allow webhooks in a private network, on this machine, and with `http://`",
  },
  {
    name: "MEETBOT_INGEST_URL",
    key: "ingestUrl",
    type: httpUrl,
    default: undefined,
    defaultText: "off",
    holdsCredentials: true,
    meaning: "address of an orchestrator, which gets the same job events",
  },
  {
    name: "MEETBOT_INGEST_TOKEN",
    key: "ingestToken",
    type: bearerToken,
    default: undefined,
    defaultText: "required with the ingest address",
    secret: true,
    meaning: "sent to the ingest endpoint as `Authorization: Bearer`",
  },
] as const satisfies readonly Setting[];
