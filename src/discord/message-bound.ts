import { WebSocket } from "ws";
import { hasCode } from "../errors.ts";
import type { GatewayClient } from "./gateway-client.ts";

/**
 * The limit for one message from Discord's gateways. The largest is the guild's state, measured at about 900 bytes per
 * person in voice, so this allows for 9,000 people. The largest message in a public report has 5.7 MB.
 * `workerResources` accounts for its memory.
 */
export const MAX_MESSAGE_MIB = 8;
const MAX_MESSAGE_BYTES = MAX_MESSAGE_MIB * 1_048_576;

const MESSAGE_TOO_LARGE = "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH";

/**
 * Makes every WebSocket of this process refuse a larger message by its announced length, before it is read, with close
 * code 1009. @discordjs/ws and @discordjs/voice open theirs with the 100 MiB default of ws, and offer no option for it.
 * Idempotent.
 */
export function boundMessages(): void {
  // ws passes its option `maxPayload` only through here; ws is pinned, and a test checks this.
  const setSocket: unknown = Reflect.get(WebSocket.prototype, "setSocket");
  if (typeof setSocket !== "function") throw new TypeError("ws has no setSocket any more");
  if (bounded.has(setSocket)) return;
  const setBoundedSocket = function (this: WebSocket, socket: unknown, head: unknown, options: object): void {
    Reflect.apply(setSocket, this, [socket, head, { ...options, maxPayload: MAX_MESSAGE_BYTES }]);
  };
  bounded.add(setBoundedSocket);
  Reflect.set(WebSocket.prototype, "setSocket", setBoundedSocket);
}

const bounded = new WeakSet<object>();

/**
 * Skips a dispatch that was too large. A resumed session begins at its last sequence number, so Discord would otherwise
 * send the same dispatch again and again.
 *
 * @param onSkipped called for each one
 */
export function skipOversized(client: GatewayClient, onSkipped: () => void): void {
  client.on("socketError", (error) => {
    if (!isOversized(error)) return;
    onSkipped();
    // It waits until the dispatches that came with it are counted; the library resumes half a second later.
    setImmediate(() => client.skipDispatch());
  });
}

/** Whether a gateway's socket failed because of a message that was too large. */
export function isOversized(error: Error): boolean {
  return hasCode(error, MESSAGE_TOO_LARGE);
}
