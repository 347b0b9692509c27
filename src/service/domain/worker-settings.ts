import { SETTINGS } from "../../settings/settings.ts";
import { isSecret, type Setting } from "../../settings/table/setting.ts";
import { leaveRules } from "./leave-behavior.ts";

/** The fields of a request that set how the worker records. */
export interface RecordingRequest {
  readonly autoLeave?: AutoLeaveRequest | undefined;
  readonly leaveBehavior?: string | undefined;
  /** The worker's own settings, by their keys in a configuration file. */
  readonly recording?: Readonly<Record<string, unknown>> | undefined;
}

/** Times in seconds; 0 turns a rule off. */
export interface AutoLeaveRequest {
  readonly afterEntryDelaySeconds?: number | undefined;
  readonly afterSoloSeconds?: number | undefined;
  readonly afterSilenceSeconds?: number | undefined;
  readonly afterMaxSeconds?: number | undefined;
  readonly onBotDetected?: boolean | undefined;
}

export interface SettingProblem {
  readonly path: readonly string[];
  readonly message: string;
}

const AUTO_LEAVE: Readonly<Record<keyof AutoLeaveRequest, string>> = {
  afterEntryDelaySeconds: "autoLeaveAfterEntryDelaySeconds",
  afterSoloSeconds: "autoLeaveAfterSoloSeconds",
  afterSilenceSeconds: "autoLeaveAfterSilenceSeconds",
  afterMaxSeconds: "autoLeaveAfterMaxSeconds",
  onBotDetected: "autoLeaveOnBotDetected",
};

/** Settings that a customer may set for a job. All others belong to the operator. */
export const OPEN_KEYS: ReadonlySet<string> = new Set([
  "chatAttachments",
  "chatAttachmentsMaxFileMb",
  "chatAttachmentsMaxTotalMb",
  ...Object.values(AUTO_LEAVE),
  "rotate",
  "rotateSilenceSeconds",
  "maxPartSeconds",
  "consent",
  "notice",
  "noticeEnd",
  "noticeLanguage",
  "noticeMessage",
  "consentDeclined",
  "consentGranted",
  "nicknamePrefix",
  "onMoved",
  "takeover",
  "recordPlaintext",
]);

/**
 * The worker's settings for a request, as environment variables. `autoLeave` wins over `leaveBehavior`, and both win over
 * `recording`.
 */
export function workerSettings(
  request: RecordingRequest,
): { readonly settings: Readonly<Record<string, string>> } | { readonly problems: readonly SettingProblem[] } {
  const problems: SettingProblem[] = [];
  const settings: Record<string, string> = {};
  const take = (path: readonly string[], key: string, value: unknown): void => {
    const row: Setting | undefined = OPEN_KEYS.has(key) ? SETTINGS.find((setting) => setting.key === key) : undefined;
    if (row === undefined || isSecret(row)) {
      problems.push({
        path,
        message: `is not a setting of a job, expected one of ${[...OPEN_KEYS].join(", ")}`,
      });
    } else if (isPlain(value) && row.type.schema.safeParse(value).success) settings[row.name] = String(value);
    else problems.push({ path, message: `is ${JSON.stringify(value)}, expected ${row.type.accepts}` });
  };
  for (const [key, value] of Object.entries(request.recording ?? {})) take(["recording", key], key, value);
  if (request.leaveBehavior !== undefined) {
    const rules = leaveRules(request.leaveBehavior);
    if ("refusal" in rules) problems.push({ path: ["leaveBehavior"], message: rules.refusal });
    else Object.assign(settings, rules.settings);
  }
  for (const [field, key] of Object.entries(AUTO_LEAVE)) {
    const value = request.autoLeave?.[field as keyof AutoLeaveRequest];
    if (value !== undefined) take(["autoLeave", field], key, value);
  }
  return problems.length === 0 ? { settings } : { problems };
}

/** A number or a text that an environment variable can hold. */
function isPlain(value: unknown): value is string | number | boolean {
  if (typeof value === "string") return value !== "" && !value.includes("\0");
  return typeof value === "number" || typeof value === "boolean";
}
