import { MAX_MEGABYTES, type Setting } from "./setting.ts";
import { httpUrl, oneOf, path, storageUri, text, wholeNumber, yesOrNo } from "./types.ts";

/** How to reach buckets: for workers, and for the service. */
export const S3_SETTINGS = [
  {
    name: "MEETBOT_S3_ENDPOINT",
    key: "s3Endpoint",
    type: httpUrl,
    default: undefined,
    defaultText: "Amazon's",
    meaning: "address of another S3 server, such as R2, MinIO or Ceph",
  },
  {
    name: "MEETBOT_S3_REGION",
    key: "s3Region",
    type: text,
    default: undefined,
    defaultText: "`AWS_REGION`",
    meaning: "the bucket's region",
  },
  {
    name: "MEETBOT_S3_FORCE_PATH_STYLE",
    key: "s3ForcePathStyle",
    type: yesOrNo,
    default: false,
    meaning: "put the bucket's name into the path of the address instead of its host; MinIO and Ceph mostly need it",
  },
  {
    name: "MEETBOT_S3_CHECKSUMS",
    key: "s3Checksums",
    type: oneOf("sha256", "none"),
    default: "sha256",
    meaning: "`sha256` sends a checksum with each upload; `none` is for S3 servers that refuse the header",
  },
  {
    name: "AWS_ACCESS_KEY_ID",
    key: "awsAccessKeyId",
    type: text,
    default: undefined,
    defaultText: "as the AWS SDK finds it",
    secret: true,
    meaning: "credentials for `s3:`",
  },
  {
    name: "AWS_SECRET_ACCESS_KEY",
    key: "awsSecretAccessKey",
    type: text,
    default: undefined,
    defaultText: "as the AWS SDK finds it",
    secret: true,
    meaning: "the secret half of the credentials",
  },
  {
    name: "AWS_SESSION_TOKEN",
    key: "awsSessionToken",
    type: text,
    default: undefined,
    secret: true,
    meaning: "needed with temporary credentials",
  },
] as const satisfies readonly Setting[];

/** Where a recording is stored, and where it is until then. */
export const STORAGE_SETTINGS = [
  {
    name: "MEETBOT_STORAGE_URI",
    key: "storageUri",
    type: storageUri,
    default: "file:./recordings",
    meaning: "where recordings go, `file:DIR` or `s3://BUCKET/PREFIX`; each job writes under `<prefix>/<jobId>/`",
  },
  ...S3_SETTINGS,
  {
    name: "MEETBOT_SPOOL_DIR",
    key: "spoolDir",
    type: path,
    default: undefined,
    defaultText: "`meetbot-discord` in `XDG_STATE_HOME` or `~/.local/state`",
    meaning: "local folder for a recording until it is stored and verified",
  },
  {
    name: "MEETBOT_SPOOL_LOW_MB",
    key: "spoolLowMb",
    type: wholeNumber(0, MAX_MEGABYTES, "megabytes"),
    default: 1_000,
    meaning: "with less free space on the spool's disk, open files are closed and stored early",
  },
  {
    name: "MEETBOT_SPOOL_STOP_MB",
    key: "spoolStopMb",
    type: wholeNumber(0, MAX_MEGABYTES, "megabytes"),
    default: 100,
    meaning: "with less free space, the recording ends with what is there; 0 turns this off",
  },
] as const satisfies readonly Setting[];
