import { Redactor } from "../redactor.ts";
import { checkRecording, complete, jobIdOf, refuseIfAny } from "../settings/load.ts";
import { nearestName } from "../settings/nearest-name.ts";
import { type ReadSettings, SECRET_NAMES, SETTINGS, type SettingName } from "../settings/settings.ts";
import type { ConfigSources, GivenSettings } from "../settings/sources.ts";
import { s3UriPlace } from "../settings/storage-uri.ts";
import { RECORDINGS_PATH, SPOOL_PATH } from "./image.ts";
import { nameProblems, type PodOptions } from "./pod-options.ts";

const DEFAULT_HTTP_PORT = 8_080;
/** The pod's own address is not known beforehand, and that is where the kubelet probes. */
const EVERY_ADDRESS = ["0.0.0.0", "::"];

/** The job settings for a pod, and the values for its limits. */
export interface PodSettings {
  readonly jobId: string;
  readonly guildId: string;
  readonly channelId: string;
  /** The worker's environment, secrets left out, in the order of the settings' table. */
  readonly variables: Readonly<Record<string, string>>;
  /** Keys of the Secret. The worker reads each from a file, because its environment can be read while it runs. */
  readonly secrets: readonly SettingName[];
  readonly httpPort: number;
  readonly shutdownGraceSeconds: number;
  /** Undefined if a call has no longest duration. */
  readonly longestCallSeconds: number | undefined;
  /** The size of each of the two attachments in memory at once; 0 if none are fetched. */
  readonly attachmentMegabytes: number;
}

/**
 * Reads the settings of a recording for a worker in a pod. Secrets that are given are checked, and only their names
 * are kept.
 *
 * @throws ConfigError with every problem at once, those included that only a pod has
 */
export function loadPodSettings(sources: ConfigSources, options: PodOptions): PodSettings {
  const problems = nameProblems(options);
  const inSecret = new Set<SettingName>(["DISCORD_BOT_TOKEN", ...secretNames(options.secretKeys, problems)]);
  const { given, values: read, place } = checkRecording(sources, problems, [...inSecret]);
  for (const name of SECRET_NAMES) if (given.has(name)) inSecret.add(name);
  checkFolders(read, given, problems);
  checkStorage(read, options, problems);
  checkHttp(read, given, problems);
  checkAddresses(given, problems);
  checkNoSecret(given, problems);
  refuseIfAny(problems, given);
  if (place === undefined) throw new TypeError("a channel that is not given is a problem");
  const values = complete(read);
  const jobId = jobIdOf(values);
  const httpPort = values.MEETBOT_HTTP_PORT ?? DEFAULT_HTTP_PORT;
  const maxSeconds = values.MEETBOT_AUTO_LEAVE_AFTER_MAX_SECONDS;
  return {
    jobId,
    ...place,
    variables: variablesOf(given, inSecret, {
      MEETBOT_MEETING_URL: `discord://${place.guildId}/${place.channelId}`,
      MEETBOT_JOB_ID: jobId,
      MEETBOT_SPOOL_DIR: SPOOL_PATH,
      MEETBOT_HTTP_PORT: String(httpPort),
      ...(given.has("MEETBOT_HTTP_HOST") ? {} : { MEETBOT_HTTP_HOST: "0.0.0.0" }),
      ...(options.storageClaim === undefined ? {} : { MEETBOT_STORAGE_URI: `file:${RECORDINGS_PATH}` }),
    }),
    secrets: secretsOf(inSecret),
    httpPort,
    shutdownGraceSeconds: values.MEETBOT_SHUTDOWN_GRACE_SECONDS,
    longestCallSeconds: maxSeconds === 0 ? undefined : maxSeconds,
    attachmentMegabytes:
      values.MEETBOT_CHAT_ATTACHMENTS === "download" ? values.MEETBOT_CHAT_ATTACHMENTS_MAX_FILE_MB : 0,
  };
}

function secretNames(keys: readonly string[], problems: string[]): SettingName[] {
  return keys.flatMap((key) => {
    const name = SECRET_NAMES.find((secret) => secret === key);
    if (name === undefined) {
      const nearest = nearestName(key, SECRET_NAMES);
      problems.push(
        `--secret-keys has "${key}", expected names of secret settings${nearest === undefined ? `: ${SECRET_NAMES.join(", ")}` : `; did you mean ${nearest}?`}`,
      );
    }
    return name ?? [];
  });
}

/** Folders of this machine do not exist in a pod. */
function checkFolders(values: ReadSettings, given: GivenSettings, problems: string[]): void {
  const spool = values.MEETBOT_SPOOL_DIR;
  if (spool !== undefined && spool !== SPOOL_PATH) {
    problems.push(
      `MEETBOT_SPOOL_DIR is ${JSON.stringify(spool)}, expected nothing: in a pod the spool is the volume at ${SPOOL_PATH}, which --spool-claim chooses`,
    );
  }
  if (given.has("MEETBOT_CAPTURE_DIR")) {
    problems.push("MEETBOT_CAPTURE_DIR is set, expected nothing: a pod has no folder that a fixture could stay in");
  }
  const audio = values.MEETBOT_NOTICE_AUDIO;
  if (audio !== undefined && audio !== "off" && audio !== "default") {
    problems.push(
      `MEETBOT_NOTICE_AUDIO is ${JSON.stringify(audio)}, expected default or off: a pod does not have this machine's files`,
    );
  }
}

function checkStorage(values: ReadSettings, { storageClaim }: PodOptions, problems: string[]): void {
  const uri = values.MEETBOT_STORAGE_URI;
  // If it is not an address at all, the problem is in the list already.
  if (uri === undefined) return;
  const isBucket = s3UriPlace(uri) !== undefined;
  if (storageClaim === undefined && !isBucket) {
    problems.push(
      `MEETBOT_STORAGE_URI is ${JSON.stringify(uri)}, expected s3://BUCKET/PREFIX: a folder in a pod goes with it; --storage-claim names a volume to record to instead`,
    );
  }
  if (storageClaim !== undefined && isBucket) {
    problems.push(`MEETBOT_STORAGE_URI is ${JSON.stringify(uri)} and --storage-claim is given, expected one of them`);
  }
}

function checkHttp(values: ReadSettings, given: GivenSettings, problems: string[]): void {
  const host = values.MEETBOT_HTTP_HOST;
  if (given.has("MEETBOT_HTTP_HOST") && host !== undefined && !EVERY_ADDRESS.includes(host)) {
    problems.push(
      `MEETBOT_HTTP_HOST is ${JSON.stringify(host)}, expected 0.0.0.0 or ::, where the kubelet's probes can reach it`,
    );
  }
  if (values.MEETBOT_HTTP_PORT === 0) {
    problems.push("MEETBOT_HTTP_PORT is 0, expected a port number from 1 to 65535, which the probes have to know");
  }
}

/** In a pod, this machine's own addresses lead to the pod itself. */
function checkAddresses(given: GivenSettings, problems: string[]): void {
  for (const [name, { value }] of given) {
    const host = typeof value === "string" ? URL.parse(value)?.hostname : undefined;
    if (host === undefined || !/^(?:localhost|.+\.localhost|127(?:\.\d+){3}|\[::1\])$/.test(host)) continue;
    problems.push(`${name} leads to ${host}, expected an address that a pod reaches: there it would be the pod itself`);
  }
}

/** Everyone who may read Jobs can read the printed manifest. */
function checkNoSecret(given: GivenSettings, problems: string[]): void {
  const secrets = SECRET_NAMES.map((name) => given.get(name)?.value).filter((value) => typeof value === "string");
  const redactor = new Redactor(secrets);
  for (const [name, { value }] of given) {
    if (SECRET_NAMES.includes(name) || typeof value !== "string" || redactor.redact(value) === value) continue;
    problems.push(`${name} holds a secret (not shown), expected a value that everybody may read`);
  }
}

/** The given settings without secrets; the pod's own settings win. Only the URL has the channel. */
function variablesOf(
  given: GivenSettings,
  inSecret: ReadonlySet<SettingName>,
  decided: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    SETTINGS.flatMap(({ name }): [string, string][] => {
      const value = decided[name] ?? given.get(name)?.value;
      if (value === undefined || inSecret.has(name)) return [];
      return name === "DISCORD_GUILD_ID" || name === "DISCORD_CHANNEL_ID" ? [] : [[name, String(value)]];
    }),
  );
}

function secretsOf(inSecret: ReadonlySet<SettingName>): SettingName[] {
  return SETTINGS.map(({ name }) => name).filter((name) => inSecret.has(name));
}
