import { WORKER_GRACE_MS } from "../domain/deadlines.ts";
import type { JobRow } from "../domain/job-row.ts";
import { sealPurpose } from "../domain/seal-purpose.ts";
import type { Sealer } from "../ports/store.ts";
import type { EnvironmentSource, WorkerSpec } from "../ports/workers.ts";
import type { WorkerOptions } from "./work-context.ts";

interface SpecInput {
  readonly ingestToken: string;
  readonly controlToken: string;
  readonly workers: WorkerOptions;
  readonly sealer: Sealer;
  readonly environments: EnvironmentSource;
}

/** Builds the settings of a worker. Only this file opens the bot's token. */
export async function workerSpec(job: JobRow, parts: SpecInput): Promise<WorkerSpec> {
  const { ingestToken, workers } = parts;
  const { id: jobId, attempt, task } = job;
  const environment = {
    ...workers.environment,
    MEETBOT_STORAGE_URI: job.storageUri ?? workers.storageUri,
    MEETBOT_INGEST_URL: workers.ingestUrl,
    MEETBOT_SHUTDOWN_GRACE_SECONDS: String(WORKER_GRACE_MS / 1_000),
  };
  const secrets = { ...workers.secrets, MEETBOT_INGEST_TOKEN: ingestToken };
  if (task !== "record") return { jobId, attempt, task: "recover", environment, secrets };
  const { environment: world, botToken } = await parts.environments.environmentFor(job);
  return {
    jobId,
    attempt,
    task,
    environment: { ...environment, ...readSettings(job), ...ownSettings(job), ...world },
    secrets: {
      ...secrets,
      DISCORD_BOT_TOKEN: botToken ?? openToken(job, parts.sealer),
      MEETBOT_CONTROL_TOKEN: parts.controlToken,
    },
  };
}

function ownSettings(job: JobRow): Readonly<Record<string, string>> {
  return {
    MEETBOT_JOB_ID: job.id,
    ...(job.externalId === null ? {} : { MEETBOT_EXTERNAL_ID: job.externalId }),
    DISCORD_GUILD_ID: job.guildId,
    DISCORD_CHANNEL_ID: job.channelId,
    ...(job.textChannelId === null ? {} : { DISCORD_TEXT_CHANNEL_ID: job.textChannelId }),
    MEETBOT_HTTP_HOST: "127.0.0.1",
    MEETBOT_HTTP_PORT: "0",
  };
}

function readSettings({ settingsJson }: JobRow): Readonly<Record<string, string>> {
  return JSON.parse(settingsJson) as Readonly<Record<string, string>>;
}

function openToken({ id, tokenSealed }: JobRow, sealer: Sealer): string {
  if (tokenSealed === null) throw new Error("the job no longer has a bot token");
  return sealer.open(tokenSealed, sealPurpose.botToken(id));
}
