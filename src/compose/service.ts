import { randomBytes } from "node:crypto";
import { totalmem } from "node:os";
import { join } from "node:path";
import { makeFolder } from "../files.ts";
import type { Log } from "../log.ts";
import { startServiceServer } from "../service/api/server.ts";
import { DeliveryRunner } from "../service/deliveries/delivery-runner.ts";
import { newConsumerId } from "../service/domain/ids.ts";
import { ProcessLauncher } from "../service/launcher/process-launcher.ts";
import { type MadeKey, makeKey } from "../service/make-key.ts";
import type { KeyRow } from "../service/ports/keys.ts";
import type { Sealer, Store } from "../service/ports/store.ts";
import { ExpiredRecordings } from "../service/recordings/delete-recording.ts";
import { Sandbox } from "../service/sandbox/sandbox.ts";
import { openKeyFile, parseSealingKeys } from "../service/secrets/key-file.ts";
import { createSealer } from "../service/secrets/sealer.ts";
import { openSqliteStore } from "../service/store/sql-store.ts";
import { webhookProblem } from "../service/webhook-address.ts";
import { Scheduler } from "../service/work/scheduler.ts";
import { slotsFor, warmWorkersFor } from "../service/work/slots.ts";
import { HttpWorkerControl } from "../service/work/worker-control.ts";
import type { ServiceConfig } from "../settings/service.ts";
import { SOFTWARE } from "../version.ts";
import { sandboxFixtures } from "./sandbox-fixtures.ts";
import { composeRecordings } from "./service-recordings.ts";

/** The default of a key's `maxConcurrent`. */
const DEFAULT_MAX_CONCURRENT = 10;

const clock = { now: (): number => Date.now() };
const random = (bytes: number): Uint8Array => randomBytes(bytes);

/** The database, and the key that opens its secrets. The service and the command `keys` share them. */
export interface ServiceData {
  readonly store: Store;
  readonly sealer: Sealer;
}

/**
 * Opens the data folder. Makes the folder, the sealing key and the database if they are missing.
 *
 * @throws InputError
 */
export async function openServiceData({ dataDirectory, sealingKey }: ServiceConfig): Promise<ServiceData> {
  await makeFolder(dataDirectory);
  const keys =
    sealingKey === undefined
      ? await openKeyFile(join(dataDirectory, "sealing.key"))
      : parseSealingKeys(sealingKey, "MEETBOT_SERVICE_SEALING_KEY");
  return { store: await openSqliteStore(join(dataDirectory, "service.db")), sealer: createSealer(keys) };
}

export interface WantedKey {
  readonly consumerName: string;
  readonly name: string;
  readonly mode: KeyRow["mode"];
  readonly role: KeyRow["role"];
  readonly maxConcurrent?: number;
  readonly storageUri?: string;
}

/** Adds a key, and its consumer if there is none with this name. The key and its webhook secret are shown once. */
export async function createKey({ store, sealer }: ServiceData, wanted: WantedKey): Promise<MadeKey> {
  const { consumerName, maxConcurrent = DEFAULT_MAX_CONCURRENT, storageUri = null, name, mode, role } = wanted;
  const known = (await store.consumers()).find((consumer) => consumer.name === consumerName);
  const now = clock.now();
  const consumer = known ?? { id: newConsumerId(now), name: consumerName, createdAt: now };
  if (known === undefined) await store.addConsumer(consumer);
  const made = makeKey(
    { consumerId: consumer.id, name, mode, role, maxConcurrent, storageUri },
    { clock, sealer, random },
  );
  await store.addKey(made.row);
  return made;
}

export interface RunningService {
  /** The address that it listens on. */
  readonly address: string;
  /** The test key; only at the first start. */
  readonly firstKey: MadeKey | undefined;
  /** Whether jobs of test keys have a call to play. */
  readonly hasSandbox: boolean;
  /** Workers continue. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts the job service.
 *
 * @param command program and arguments in front of a command's name
 * @throws InputError
 */
export async function startService(
  config: ServiceConfig,
  { command, log }: { readonly command: readonly string[]; readonly log: Log },
): Promise<RunningService> {
  const { dataDirectory, host, port, retentionMs, webhookAllowPrivate } = config;
  const fixtures = await sandboxFixtures(config.fixturesDirectory);
  const data = await openServiceData(config);
  const { store, sealer } = data;
  const warmWorkers = config.warmWorkers ?? warmWorkersFor(usableMemory());
  const launcher = new ProcessLauncher({
    ...{ jobsFolder: join(dataDirectory, "jobs"), command },
    ...(warmWorkers === 0 ? {} : { warm: { ...warmOptions(config, log), workers: warmWorkers } }),
  });
  const control = new HttpWorkerControl(launcher, sealer);
  const environments = new Sandbox({
    folder: join(dataDirectory, "sandbox"),
    command,
    fixtureFolder: (name) => fixtures.find((fixture) => fixture.name === name)?.folder,
  });
  const { recordings, sessionEvents } = composeRecordings(config, { launcher, clock, log });
  const expired = new ExpiredRecordings({ store, recordings, clock, log });
  let address = "";
  const scheduler = new Scheduler({
    ...{ store, launcher, control, environments, sealer, clock, log },
    expireRecording: async (jobId) => expired.expire(jobId),
    workers: {
      maxWorkers: config.maxWorkers ?? slotsFor(process.availableMemory()),
      // Known once the server listens. No worker starts earlier.
      get ingestUrl() {
        return `${localAddress(address)}/api/v1/ingest`;
      },
      storageUri: config.storageUri,
      environment: config.s3.environment,
      secrets: config.s3.secrets,
    },
  });
  const deliveries = new DeliveryRunner({
    ...{ store, sealer, clock, log, allowPrivate: webhookAllowPrivate },
    userAgent: `${SOFTWARE.name}/${SOFTWARE.version}`,
  });
  const server = await startServiceServer({
    ...{
      store,
      work: scheduler,
      control,
      recordings,
      sessionEvents,
      sealer,
      clock,
      log,
      random,
      fixtures,
      retentionMs,
      host,
      port,
    },
    allowedHosts: config.allowedHosts,
    webhookProblem: (url) => webhookProblem(url, webhookAllowPrivate),
    publicUrl: () => config.publicUrl ?? address,
  });
  address = server.address;
  const firstKey = (await store.keys()).length > 0 ? undefined : await createKey(data, FIRST_KEY);
  scheduler.start();
  deliveries.start();
  return {
    address,
    firstKey,
    hasSandbox: fixtures.length > 0,
    close: async () => {
      await server.close();
      await Promise.all([scheduler.stop(), deliveries.stop()]);
      await launcher.close();
      await expired.stop();
      await store.close();
    },
  };
}

/** The machine's memory, or less if a container limits it. Bytes. */
function usableMemory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

function warmOptions({ dataDirectory, storageUri }: ServiceConfig, log: Log) {
  const usesBucket = storageUri.startsWith("s3:");
  return { folder: join(dataDirectory, "warm"), arguments: ["await-job", ...(usesBucket ? ["--bucket"] : [])], log };
}

/** A test key records nobody, so it is safe to try. */
const FIRST_KEY: WantedKey = { consumerName: "default", name: "first key", mode: "test", role: "operator" };

/** The address for workers on this machine, even if the server listens on all addresses. */
function localAddress(address: string): string {
  const url = new URL(address);
  if (url.hostname === "0.0.0.0") url.hostname = "127.0.0.1";
  if (url.hostname === "[::]") url.hostname = "[::1]";
  return url.origin;
}
