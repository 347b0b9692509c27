import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import tls from "node:tls";
import { CONTROL_API } from "../../../control/api-document.ts";
import { WORKER_LIMITS } from "../../../control/limits.ts";
import { OPERATIONS } from "../../../control/operations.ts";
import { post } from "../../../delivery/post.ts";
import { loadKoffi } from "../../../discord/receive/kernel/koffi.ts";
import { loadLibc } from "../../../discord/receive/kernel/libc.ts";
import { createHttpServer } from "../../../http/server.ts";
import { loadConfig } from "../../../settings/load.ts";

const TIMEOUT_MS = 5_000;

/** Settings of no job. The token has the form of one, and opens nothing. */
const SETTINGS = {
  DISCORD_BOT_TOKEN: "MTAwMDAwMDAwMDAwMDAwMDAwMA.AAAAAA.rehearsal-rehearsal-rehearsal-rehearsal-00",
  DISCORD_GUILD_ID: "100000000000000000",
  DISCORD_CHANNEL_ID: "100000000000000000",
  MEETBOT_STORAGE_URI: "file:/rehearsal",
  MEETBOT_SPOOL_DIR: "/rehearsal",
};

/**
 * Does once what a job does first, without a job: libraries load what they load late, and V8 compiles what runs then. It
 * writes nothing, and talks only to itself.
 */
export async function rehearse(): Promise<void> {
  // OpenSSL reads the certificates of all authorities for the first one.
  tls.createSecureContext();
  loadConfig({ environment: SETTINGS, file: undefined, meetingUrl: undefined });
  rehearseLibc();
  await Promise.all([rehearseControl(), rehearseEvent()]);
}

/** Without it, packets are read one by one. A job says so. */
function rehearseLibc(): void {
  try {
    loadLibc(loadKoffi(true));
  } catch {
    // The job finds the same, and has the log for it.
  }
}

/** The control port, without listening. */
async function rehearseControl(): Promise<void> {
  const server = await createHttpServer({
    ...{ limits: WORKER_LIMITS, hostnames: [], unexpectedHost: "", api: CONTROL_API, failed: "", name: "control" },
    log: { error: () => undefined },
  });
  server.route({ ...OPERATIONS.healthz, handler: async () => ({ status: "ok" }) });
  await server.inject({ method: "GET", url: OPERATIONS.healthz.url });
  await server.close();
}

/** The delivery of a job event, to this process itself. */
async function rehearseEvent(): Promise<void> {
  const server = createServer((request, response) => {
    request.resume();
    response.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  try {
    await post(new URL(`http://127.0.0.1:${port}/`), {
      ...{ headers: { "content-type": "application/json" }, body: Buffer.from("{}"), timeoutMs: TIMEOUT_MS },
      ...{ lookup: undefined, signal: AbortSignal.timeout(TIMEOUT_MS) },
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
