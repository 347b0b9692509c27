import { createServer } from "node:http";
import { flushCompileCache } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { ProcessLauncher } from "../../../src/service/launcher/process-launcher.ts";
import { openKeyFile } from "../../../src/service/secrets/key-file.ts";
import { createSealer } from "../../../src/service/secrets/sealer.ts";
import { openSqliteStore } from "../../../src/service/store/sql-store.ts";
import { Scheduler } from "../../../src/service/work/scheduler.ts";
import { HttpWorkerControl } from "../../../src/service/work/worker-control.ts";
import type { Envelope } from "../../../src/session/job-events.ts";
import { WORKER_ARGUMENTS } from "../../support/shipped-worker.ts";

/**
 * A service without its API, as a process that can be killed: `service-process.ts DATA PORT MAX_WORKERS WARM`. A
 * job's settings name the loopback that it records. WARM workers wait for jobs. A number on standard input sets its clock
 * forward, by so many milliseconds. Prints `adopted MS` after the first tick: how long it took.
 */
const [, , data = "", port = "", maxWorkers = "1", warm = "0"] = process.argv;

const log = (level: string) => (fields: object, message: string) =>
  process.stderr.write(`${JSON.stringify({ level, message, ...fields })}\n`);
const logs = { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
let passedMs = 0;
createInterface({ input: process.stdin }).on("line", (ms) => {
  passedMs += Number(ms);
  work.wake();
});
const store = await openSqliteStore(join(data, "service.db"));
const sealer = createSealer(await openKeyFile(join(data, "sealing.key")));
const launcher = new ProcessLauncher({
  jobsFolder: join(data, "jobs"),
  command: [process.execPath, ...WORKER_ARGUMENTS],
  warm: { workers: Number(warm), folder: join(data, "warm"), arguments: ["await-job"], log: logs },
});
const work = new Scheduler({
  ...{ store, sealer, launcher },
  control: new HttpWorkerControl(launcher, sealer),
  environments: { environmentFor: async () => ({ environment: {} }), release: async () => undefined },
  clock: { now: () => Date.now() + passedMs },
  log: logs,
  workers: {
    ...{ maxWorkers: Number(maxWorkers), environment: {}, secrets: {} },
    storageUri: `file:${join(data, "recordings")}`,
    ingestUrl: `http://127.0.0.1:${port}/api/v1/ingest`,
  },
  storedEnd: async () => [],
  expireRecording: async () => undefined,
});

const STATUSES = { applied: 200, repeated: 200, ignored: 200, stale: 410, unknown_token: 401 } as const;
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const token = request.headers.authorization?.replace("Bearer ", "") ?? "";
  const envelope = JSON.parse(Buffer.concat(chunks).toString("utf8")) as Envelope;
  const { kind } = await work.ingest(token, envelope);
  response.writeHead(STATUSES[kind]).end();
});
server.listen(Number(port), "127.0.0.1");

process.on("SIGTERM", async () => {
  server.close();
  server.closeAllConnections();
  process.stdin.destroy();
  await work.stop();
  // Nothing else is left that this process waits for.
  await launcher.close();
});

const startedAt = performance.now();
await work.tick();
// A tick waits only a moment for its looks at workers.
while (work.health().lookingSince !== null) await sleep(5);
process.stdout.write(`adopted ${Math.round(performance.now() - startedAt)}\n`);
work.start();
// The process may be killed at any moment, and the next one starts sooner.
flushCompileCache();
