import { join, resolve } from "node:path";
import type * as z from "zod";
import { ConfigError } from "../errors.ts";
import { Redactor } from "../redactor.ts";
import { checkRows, type GivenRows, readEnvironment, readSettingsFile, type SettingTable } from "./read-rows.ts";
import { spoolPlace } from "./spool-place.ts";
import { credentialsOf, type S3Credentials } from "./storage.ts";
import { fileUriPath } from "./storage-uri.ts";
import { SERVICE_SETTINGS } from "./table/service.ts";
import { isSecret } from "./table/setting.ts";

type Row = (typeof SERVICE_SETTINGS)[number];
type Name = Row["name"];
type Values = {
  readonly [Each in Row as Each["name"]]:
    | z.output<Each["type"]["schema"]>
    | (Each["default"] extends undefined ? undefined : never);
};

const TABLE: SettingTable<Name> = {
  rows: SERVICE_SETTINGS,
  isOurs: (variable) =>
    ["MEETBOT_SERVICE_", "MEETBOT_BOT_", "MEETBOT_COMMAND_"].some((start) => variable.startsWith(start)),
  page: "docs/reference/service-settings.md",
};

/** The settings of the job service, checked. */
export interface ServiceConfig {
  readonly dataDirectory: string;
  /** A PostgreSQL database; undefined for the SQLite file in the data folder. */
  readonly database: string | undefined;
  readonly host: string;
  readonly port: number;
  /** Without a trailing slash; undefined for the address that it listens on. */
  readonly publicUrl: string | undefined;
  /** In lower case. */
  readonly allowedHosts: readonly string[];
  /** Undefined for as many as the machine's memory allows. */
  readonly maxWorkers: number | undefined;
  /** Undefined for what the machine's memory allows. */
  readonly warmWorkers: number | undefined;
  readonly storageUri: string;
  readonly s3: ServiceS3;
  readonly sealingKey: string | undefined;
  /** Null if recordings are kept. */
  readonly retentionMs: number | null;
  readonly webhookAllowPrivate: boolean;
  readonly fixturesDirectory: string | undefined;
  /** Undefined without commands in Discord. */
  readonly resident: ResidentConfig | undefined;
  /** Discord's REST API for the resident and for workers; undefined for Discord's own. */
  readonly discordApi: string | undefined;
  readonly logLevel: Values["MEETBOT_SERVICE_LOG_LEVEL"];
}

/** The service's own login in Discord. */
export interface ResidentConfig {
  readonly token: string;
  /** Tokens of further bots that record. */
  readonly pool: readonly string[];
  /** Servers in which commands appear at once. */
  readonly commandGuilds: readonly string[];
}

/** How the service and its workers reach buckets. */
export interface ServiceS3 {
  readonly client: {
    readonly endpoint?: string;
    readonly region?: string;
    readonly forcePathStyle: boolean;
    readonly credentials: S3Credentials | undefined;
  };
  /** The same as a worker's settings. */
  readonly environment: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
}

const DAY_MS = 86_400_000;

/**
 * Reads the service's settings.
 *
 * @throws ConfigError with every problem at once
 */
export function loadServiceConfig(sources: {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Path of a JSON file with the same settings; the environment overrides it. */
  readonly file: string | undefined;
}): ServiceConfig {
  const problems: string[] = [];
  const given: GivenRows<Name> = new Map();
  if (sources.file !== undefined) readSettingsFile(sources.file, TABLE, given, problems);
  readEnvironment(sources.environment, TABLE, given, problems);
  const checked = checkRows(SERVICE_SETTINGS, given, problems);
  if (given.has("MEETBOT_BOT_POOL") && !given.has("MEETBOT_BOT_TOKEN")) {
    problems.push("MEETBOT_BOT_POOL is set without MEETBOT_BOT_TOKEN, the bot that answers commands; expected both");
  }
  if (problems.length > 0) {
    const secrets = SERVICE_SETTINGS.filter(isSecret).map(({ name }) => given.get(name)?.value);
    const redactor = new Redactor(secrets.filter((value) => typeof value === "string"));
    throw new ConfigError(problems.map((problem) => redactor.redact(problem)));
  }
  // Each value comes from the schema of its own row.
  return assemble(checked as Values, sources.environment);
}

function assemble(values: Values, environment: NodeJS.ProcessEnv): ServiceConfig {
  const named = values.MEETBOT_SERVICE_DATA_DIR;
  const dataDirectory =
    named === undefined ? join(spoolPlace(undefined, environment).directory, "service") : resolve(named);
  const publicUrl = values.MEETBOT_SERVICE_PUBLIC_URL?.replace(/\/+$/, "");
  const names = values.MEETBOT_SERVICE_ALLOWED_HOSTS?.split(",") ?? [];
  const storage = values.MEETBOT_SERVICE_STORAGE_URI ?? `file:${join(dataDirectory, "recordings")}`;
  const folder = fileUriPath(storage);
  const fixtures = values.MEETBOT_SERVICE_FIXTURES_DIR;
  const retentionDays = values.MEETBOT_SERVICE_RETENTION_DAYS;
  return {
    dataDirectory,
    database: values.MEETBOT_SERVICE_DATABASE,
    host: values.MEETBOT_SERVICE_HOST,
    port: values.MEETBOT_SERVICE_PORT,
    publicUrl,
    allowedHosts: [...names, ...(publicUrl === undefined ? [] : [new URL(publicUrl).hostname])].map((name) =>
      name.toLowerCase(),
    ),
    maxWorkers: values.MEETBOT_SERVICE_MAX_WORKERS,
    warmWorkers: values.MEETBOT_SERVICE_WARM_WORKERS,
    // Workers start in other folders.
    storageUri: folder === undefined ? storage : `file:${resolve(folder)}`,
    s3: s3Of(values),
    sealingKey: values.MEETBOT_SERVICE_SEALING_KEY,
    retentionMs: retentionDays === 0 ? null : retentionDays * DAY_MS,
    webhookAllowPrivate: values.MEETBOT_SERVICE_WEBHOOK_ALLOW_PRIVATE,
    fixturesDirectory: fixtures === undefined ? undefined : resolve(fixtures),
    resident: residentOf(values),
    discordApi: values.MEETBOT_DISCORD_API?.replace(/\/+$/, ""),
    logLevel: values.MEETBOT_SERVICE_LOG_LEVEL,
  };
}

function residentOf(values: Values): ResidentConfig | undefined {
  const { MEETBOT_BOT_TOKEN: token, MEETBOT_BOT_POOL: pool = [], MEETBOT_COMMAND_GUILDS: commandGuilds = [] } = values;
  if (token === undefined) return undefined;
  // The bot that answers is the first of the pool anyway.
  return { token, pool: [...new Set(pool)].filter((other) => other !== token), commandGuilds };
}

function s3Of(values: Values): ServiceS3 {
  const { MEETBOT_S3_ENDPOINT: endpoint, MEETBOT_S3_REGION: region } = values;
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = values;
  const { AWS_SESSION_TOKEN: sessionToken } = values;
  return {
    client: {
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(region === undefined ? {} : { region }),
      forcePathStyle: values.MEETBOT_S3_FORCE_PATH_STYLE,
      credentials: credentialsOf(values),
    },
    environment: given({
      MEETBOT_S3_ENDPOINT: endpoint,
      MEETBOT_S3_REGION: region,
      MEETBOT_S3_FORCE_PATH_STYLE: String(values.MEETBOT_S3_FORCE_PATH_STYLE),
      MEETBOT_S3_CHECKSUMS: values.MEETBOT_S3_CHECKSUMS,
    }),
    secrets: given({
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_SESSION_TOKEN: sessionToken,
    }),
  };
}

function given(variables: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
