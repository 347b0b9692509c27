import type { Setting } from "./setting.ts";
import { S3_SETTINGS } from "./storage.ts";
import { hostnames, httpUrl, ipAddress, oneOf, path, port, storageUri, text, wholeNumber, yesOrNo } from "./types.ts";

const MAX_RETENTION_DAYS = 36_500;
const MAX_WORKERS = 10_000;

/** The settings of the job service, `serve`. Its jobs' workers have settings of their own. */
export const SERVICE_SETTINGS = [
  {
    name: "MEETBOT_SERVICE_DATA_DIR",
    key: "dataDir",
    type: path,
    default: undefined,
    defaultText: "`meetbot-discord/service` in `XDG_STATE_HOME` or `~/.local/state`",
    meaning: "folder for the database, the sealing key, and the jobs' spools and logs; made if it is missing",
  },
  {
    name: "MEETBOT_SERVICE_HOST",
    key: "host",
    type: ipAddress,
    default: "127.0.0.1",
    meaning: "the address to listen on",
  },
  {
    name: "MEETBOT_SERVICE_PORT",
    key: "port",
    type: port,
    default: 8080,
    meaning: "the port to listen on; 0 takes any free port and logs it",
  },
  {
    name: "MEETBOT_SERVICE_PUBLIC_URL",
    key: "publicUrl",
    type: httpUrl,
    default: undefined,
    defaultText: "the address that it listens on",
    meaning: "how customers reach the service; its host name is allowed in requests",
  },
  {
    name: "MEETBOT_SERVICE_ALLOWED_HOSTS",
    key: "allowedHosts",
    type: hostnames,
    default: undefined,
    defaultText: "none",
    meaning: "more host names that requests may use; IP addresses and `localhost` are always allowed",
  },
  {
    name: "MEETBOT_SERVICE_MAX_WORKERS",
    key: "maxWorkers",
    type: wholeNumber(0, MAX_WORKERS, "workers"),
    default: undefined,
    defaultText: "by the machine's memory",
    meaning: "workers that run at the same time; further jobs wait in the order of `joinAt`. 0 starts none",
  },
  {
    name: "MEETBOT_SERVICE_WARM_WORKERS",
    key: "warmWorkers",
    type: wholeNumber(0, MAX_WORKERS, "workers"),
    default: undefined,
    defaultText: "1, or 0 on a machine with less than 1 GB of memory",
    meaning:
      "processes that have loaded everything and wait for a job, so that it starts sooner. Each takes some 100 MB and a free slot",
  },
  {
    name: "MEETBOT_SERVICE_STORAGE_URI",
    key: "storageUri",
    type: storageUri,
    default: undefined,
    defaultText: "`recordings` in the data folder",
    meaning: "where recordings go, `file:DIR` or `s3://BUCKET/PREFIX`, unless a key has a storage of its own",
  },
  ...S3_SETTINGS,
  {
    name: "MEETBOT_SERVICE_SEALING_KEY",
    key: "sealingKey",
    type: text,
    default: undefined,
    defaultText: "`sealing.key` in the data folder, made at the first start",
    secret: true,
    meaning: "key that seals bot tokens and webhook secrets in the database",
  },
  {
    name: "MEETBOT_SERVICE_RETENTION_DAYS",
    key: "retentionDays",
    type: wholeNumber(0, MAX_RETENTION_DAYS, "days"),
    default: 0,
    meaning: "how long recordings are kept; 0 keeps them until somebody deletes them",
  },
  {
    name: "MEETBOT_SERVICE_WEBHOOK_ALLOW_PRIVATE",
    key: "webhookAllowPrivate",
    type: yesOrNo,
    default: false,
    meaning: "allow webhooks in a private network, on this machine, and with `http://`",
  },
  {
    name: "MEETBOT_SERVICE_FIXTURES_DIR",
    key: "fixturesDir",
    type: path,
    default: undefined,
    defaultText: "the example call, if this installation has it",
    meaning: "folder of recorded calls, one folder each, that jobs of test keys can play",
  },
  {
    name: "MEETBOT_SERVICE_LOG_LEVEL",
    key: "logLevel",
    type: oneOf("trace", "debug", "info", "warn", "error", "silent"),
    default: "info",
    meaning: "how much is logged on standard error: JSON lines, or readable lines at a terminal",
  },
] as const satisfies readonly Setting[];
