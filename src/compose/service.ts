import { randomBytes } from "node:crypto";
import { totalmem } from "node:os";
import { join } from "node:path";
import type { Log } from "../log.ts";
import { startServiceServer } from "../service/api/server.ts";
import { DeliveryRunner } from "../service/deliveries/delivery-runner.ts";
import { ProcessLauncher } from "../service/launcher/process-launcher.ts";
import type { MadeKey } from "../service/make-key.ts";
import { ExpiredRecordings } from "../service/recordings/delete-recording.ts";
import { Sandbox } from "../service/sandbox/sandbox.ts";
import { SharedLinks } from "../service/shared-link/shared-links.ts";
import { webhookProblem } from "../service/webhook-address.ts";
import { Scheduler } from "../service/work/scheduler.ts";
import { slotsFor, warmWorkersFor } from "../service/work/slots.ts";
import { HttpWorkerControl } from "../service/work/worker-control.ts";
import type { ServiceConfig } from "../settings/service.ts";
import { SOFTWARE } from "../version.ts";
import { endWorkers } from "./end-workers.ts";
import { listenForWorkers, localOrigin } from "./ingest-address.ts";
import { readPackageDocument } from "./package-documents.ts";
import type { RunningResident } from "./resident.ts";
import { sandboxFixtures } from "./sandbox-fixtures.ts";
import { freeBytesFor, lockDatabase, lockDataFolder, openData, type ServiceData } from "./service-data.ts";
import { createKey, residentKey, type WantedKey } from "./service-keys.ts";
import { readLinkPage, readServicePage } from "./service-page.ts";
import { composeRecordings } from "./service-recordings.ts";

const clock = { now: (): number => Date.now() };
const random = (bytes: number): Uint8Array => randomBytes(bytes);

export interface RunningService {
  /** The address that it listens on. */
  readonly address: string;
  /** The test key; only at the first start. */
  readonly firstKey: MadeKey | undefined;
  /** Whether jobs of test keys have a call to play. */
  readonly hasSandbox: boolean;
  /** Resolves if another service has the database now, because this one lost its connection. Then `close` must follow. */
  readonly lost: Promise<void>;
  /** Starts no more workers, and ends those that run. Call it before `close` if none can outlive this process. */
  endWorkers(): Promise<void>;
  /** Workers continue. Idempotent. */
  close(): Promise<void>;
}

interface Means {
  /** What starts the command line, before the name of the command. */
  readonly command: readonly string[];
  readonly log: Log;
}

/**
 * Starts the job service.
 *
 * @throws InputError if a setting cannot be used, or another service has the data folder or the database
 */
export async function startService(config: ServiceConfig, means: Means): Promise<RunningService> {
  const fixtures = await sandboxFixtures(config.fixturesDirectory);
  const locks = await lockPlaces(config);
  try {
    const data = await openData(config, true);
    const service = await startWith(data, fixtures, config, means).catch(async (error: unknown) => {
      await data.store.close();
      throw error;
    });
    return { ...service, lost: locks.lost, close: () => service.close().finally(() => locks.release()) };
  } catch (error) {
    await locks.release();
    throw error;
  }
}

/** Keeps other services off the data folder and the database. */
async function lockPlaces(config: ServiceConfig) {
  const folder = await lockDataFolder(config.dataDirectory);
  try {
    const database = await lockDatabase(config);
    return {
      lost: database?.lost ?? new Promise<void>(() => undefined),
      release: async () => {
        await database?.release();
        folder.release();
      },
    };
  } catch (error) {
    folder.release();
    throw error;
  }
}

async function startWith(
  data: ServiceData,
  fixtures: Awaited<ReturnType<typeof sandboxFixtures>>,
  config: ServiceConfig,
  { command, log }: Means,
): Promise<Omit<RunningService, "lost">> {
  const { dataDirectory, host, retentionMs, webhookAllowPrivate } = config;
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
  const { recordings, sessionEvents, downloads } = composeRecordings(config, { command, launcher, clock, log });
  const expired = new ExpiredRecordings({ store, recordings, clock, log });
  let address = "";
  let maxWorkers = config.maxWorkers ?? slotsFor(process.availableMemory());
  const scheduler = new Scheduler({
    ...{ store, launcher, control, environments, sealer, clock, log },
    storedEnd: (job) => recordings.storedEnd(job),
    expireRecording: async (jobId) => expired.expire(jobId),
    workers: {
      get maxWorkers() {
        return maxWorkers;
      },
      // Known once the server listens. No worker starts earlier.
      get ingestUrl() {
        return `${localOrigin(address)}/api/v1/ingest`;
      },
      storageUri: config.storageUri,
      environment: {
        ...config.s3.environment,
        ...(config.discordApi === undefined ? {} : { MEETBOT_DISCORD_API: config.discordApi }),
      },
      secrets: config.s3.secrets,
    },
  });
  const deliveries = new DeliveryRunner({
    ...{ store, sealer, clock, log, allowPrivate: webhookAllowPrivate },
    userAgent: `${SOFTWARE.name}/${SOFTWARE.version}`,
  });
  let resident: RunningResident | undefined;
  const [page, linkPage] = await Promise.all([readServicePage(), readLinkPage()]);
  const publicUrl = () => config.publicUrl ?? address;
  const links = new SharedLinks({ store, keys: data.linkKeys, clock, random, publicUrl });
  if (page === undefined) log.warn({}, "the page for people was not built; npm run build makes it");
  const listen = (port: number) =>
    startServiceServer({
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
      page,
      readDocument: readPackageDocument,
      shared: linkPage && { page: linkPage, links, downloads },
      allowedHosts: config.allowedHosts,
      webhookProblem: (url) => webhookProblem(url, webhookAllowPrivate),
      disk: async () => ({
        databaseBytes: await data.databaseBytes(),
        freeBytes: await freeBytesFor(dataDirectory),
      }),
      publicUrl,
      resident: config.resident && { state: () => resident?.state() ?? { kind: "connecting", ready: 0, shards: 0 } },
    });
  const server = await listenForWorkers(config, { store, launcher, listen });
  address = server.address;
  const firstKey = (await store.keys()).length > 0 ? undefined : await createKey(data, FIRST_KEY);
  scheduler.start();
  deliveries.start();
  if (config.resident !== undefined) {
    if (config.publicUrl === undefined) log.warn({ address }, NO_PUBLIC_URL);
    const key = await residentKey(data);
    // Nothing of it is loaded without a bot.
    const { startResident } = await import("./resident.ts");
    const { discordApi } = config;
    const parts = {
      store,
      work: scheduler,
      control,
      recordings,
      links,
      sealer,
      clock,
      log,
      key,
      retentionMs,
      discordApi,
    };
    resident = await startResident({ ...parts, config: config.resident });
  }
  const tidying = tidyNowAndThen(() => downloads.tidy(), log);
  return {
    address,
    firstKey,
    hasSandbox: fixtures.length > 0,
    endWorkers: async () => {
      maxWorkers = 0;
      await endWorkers({ store, launcher, log });
    },
    close: async () => {
      await resident?.close();
      clearInterval(tidying);
      await server.close();
      await Promise.all([scheduler.stop(), deliveries.stop()]);
      await launcher.close();
      await Promise.all([expired.stop(), downloads.stop()]);
      await store.close();
    },
  };
}

const TIDY_EVERY_MS = 3_600_000;

/** At once too: the service before may have been killed. */
function tidyNowAndThen(tidy: () => Promise<void>, log: Log): NodeJS.Timeout {
  const run = (): void =>
    void tidy().catch((error: unknown) => log.error({ err: error }, "old downloads could not be removed"));
  run();
  return setInterval(run, TIDY_EVERY_MS);
}

const NO_PUBLIC_URL =
  "links to recordings lead to this address, which others may not reach; set MEETBOT_SERVICE_PUBLIC_URL to the address that they use";

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
