import { hasCode, InputError } from "../errors.ts";
import { readOwnFile, writeNote } from "../own-files.ts";
import type { Store } from "../service/ports/store.ts";
import type { Launcher } from "../service/ports/workers.ts";
import type { ServiceConfig } from "../settings/service.ts";
import { counted } from "../text/counted.ts";
import { dataFiles } from "./service-data.ts";

const MAX_NOTE_BYTES = 1_000;
const HTTP_PORT = 80;

interface Means<Server> {
  readonly store: Pick<Store, "claimed">;
  readonly launcher: Pick<Launcher, "inspect">;
  /** Fails with an InputError if the port is taken. */
  readonly listen: (port: number) => Promise<Server>;
}

/**
 * Listens where workers of an earlier start report: they know no other address. Port 0 is any free one only at the first
 * start; then it is the same one again, unless it is taken and no worker runs.
 *
 * @throws InputError if the settings name another address than workers that run know
 */
export async function listenForWorkers<Server extends { readonly address: string }>(
  { dataDirectory, host, port }: Pick<ServiceConfig, "dataDirectory" | "host" | "port">,
  { store, launcher, listen }: Means<Server>,
): Promise<Server> {
  const { address: path } = dataFiles(dataDirectory);
  const noted = await readNoted(path);
  const server = noted === undefined ? await listen(port) : await again(noted);
  await writeNote(path, localOrigin(server.address));
  return server;

  async function again(known: URL): Promise<Server> {
    const running = await countRunning(store, launcher);
    const wanted = port === 0 ? Number(known.port || HTTP_PORT) : port;
    if (running > 0 && localOrigin(`http://${host.includes(":") ? `[${host}]` : host}:${wanted}`) !== known.origin) {
      throw new InputError(
        `MEETBOT_SERVICE_HOST and MEETBOT_SERVICE_PORT: ${counted(running, "worker")} of the last start ${running === 1 ? "reports" : "report"} to ${known.origin}; listen there until their jobs are over`,
      );
    }
    try {
      return await listen(wanted);
    } catch (error) {
      if (port !== 0 || running > 0 || !(error instanceof InputError)) throw error;
      return await listen(0);
    }
  }
}

/** How this machine's own workers reach a server that may listen on all addresses. */
export function localOrigin(address: string): string {
  const url = new URL(address);
  if (url.hostname === "0.0.0.0") url.hostname = "127.0.0.1";
  if (url.hostname === "[::]") url.hostname = "[::1]";
  return url.origin;
}

async function readNoted(path: string): Promise<URL | undefined> {
  try {
    return new URL((await readOwnFile(path, MAX_NOTE_BYTES)).toString("utf8"));
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    if (hasCode(error, "ERR_INVALID_URL")) {
      throw new InputError(
        `${path}: expected an address such as http://127.0.0.1:8080; remove the file if no worker runs`,
      );
    }
    throw error;
  }
}

async function countRunning(store: Pick<Store, "claimed">, launcher: Pick<Launcher, "inspect">): Promise<number> {
  const jobs = await store.claimed();
  const verdicts = await Promise.all(jobs.map(({ id, worker }) => worker && launcher.inspect(id, worker)));
  return verdicts.filter((verdict) => verdict !== null && verdict !== "" && verdict.kind === "alive").length;
}
