import { type Outcome, refusalOf } from "./outcome.ts";

/** Longer than the service itself takes for anything, so that a dead connection shows. */
const DEADLINE_MS = 40_000;

/**
 * Asks the service. Paths are relative, because a proxy may serve the page below a folder.
 *
 * @param body sent as JSON
 */
export async function request<Body>(
  method: string,
  path: string,
  { body, headers = {} }: { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<Outcome<Body>> {
  try {
    const response = await fetch(path, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    const text = await response.text();
    if (response.ok) return { kind: "ok", status: response.status, body: text === "" ? undefined : JSON.parse(text) };
    return refusalOf(response.status, jsonOf(text), response.headers.get("retry-after"));
  } catch {
    // fetch does not say which kind of network failure it was.
    return { kind: "away" };
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** An `Idempotency-Key`. Unlike `crypto.randomUUID` it is there without HTTPS too. */
export function randomKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
