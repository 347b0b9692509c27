import { appendFileSync } from "node:fs";
import type { Logger } from "pino";
import type { GatewayLogin } from "../discord/gateway-client.ts";
import { FILE_MODE } from "../own-files.ts";

/**
 * Notes each login in a file, before it happens: a worker that is killed has logged in nevertheless. A file that cannot
 * be written must not keep a call from being recorded.
 *
 * @param path undefined for nowhere
 */
export function loginNotes(path: string | undefined, log: Logger): (login: GatewayLogin) => void {
  if (path === undefined) return () => undefined;
  return ({ limit }) => {
    const at = Date.now();
    const left = limit && {
      ...{ total: limit.total, remaining: Math.max(0, limit.remaining - 1), resetAt: at + limit.resetAfterMs },
    };
    try {
      appendFileSync(path, `${JSON.stringify({ at, limit: left ?? null })}\n`, { mode: FILE_MODE });
    } catch (error) {
      log.warn({ err: error }, "a login at Discord could not be noted in MEETBOT_LOGINS_FILE");
    }
  };
}
