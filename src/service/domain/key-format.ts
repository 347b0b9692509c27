import { createHash } from "node:crypto";
import { crockford32 } from "../../text/base32.ts";
import type { KeyMode } from "./job-row.ts";

/** API keys: `mb_live_` or `mb_test_`, then 200 random bits. The database has only the hash of a key. */

export const KEY_BYTES = 25;
const KEY_CHARACTERS = 40;
const KEY = /^mb_(live|test)_[0-9a-hjkmnp-tv-z]{40}$/;
const SHOWN_CHARACTERS = 14;

/** @param random 25 bytes from a generator for secrets */
export function formatKey(mode: KeyMode, random: Uint8Array): string {
  return `mb_${mode}_${crockford32(random, KEY_CHARACTERS).toLowerCase()}`;
}

/** The mode of a key, from its text. Undefined for any other text, so the database need not be asked. */
export function modeOfKey(text: string): KeyMode | undefined {
  const mode = KEY.exec(text)?.[1];
  return mode === "live" || mode === "test" ? mode : undefined;
}

/** SHA-256 in hex of an API key, or of the token of a job, a login or a session. They are random, so they need no salt. */
export function hashOfKey(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

/** The beginning of a key, which may be shown: enough to recognise it, too little to use it. */
export function shownPrefix(key: string): string {
  return `${key.slice(0, SHOWN_CHARACTERS)}…`;
}

export const WEBHOOK_SECRET_BYTES = 32;

/** @param random 32 bytes from a generator for secrets */
export function formatWebhookSecret(random: Uint8Array): string {
  if (random.length !== WEBHOOK_SECRET_BYTES) throw new RangeError("a webhook secret is made from 32 bytes");
  return `whsec_${Buffer.from(random).toString("base64")}`;
}

/** The bot's user id, which the first part of a Discord bot token holds in Base64; undefined if it holds none. */
export function botIdOf(token: string): string | undefined {
  const id = Buffer.from(token.split(".")[0] ?? "", "base64").toString("latin1");
  return /^\d{17,20}$/.test(id) ? id : undefined;
}
