import type { Issue } from "./outcome.ts";

/** The form for a new job. Pure: texts as people type them, and the request that they make. */

export interface DispatchField {
  /** Where the request has it, such as `discord.botToken`. */
  readonly path: string;
  readonly label: string;
  readonly hint?: string;
  readonly kind:
    | "text"
    | "password"
    | "number"
    | "time"
    | "address"
    | readonly (readonly [value: string, label: string])[];
  /** Only with keys of this mode. */
  readonly mode?: "live" | "test";
  /** Shown only when somebody asks for more. */
  readonly isExtra?: boolean;
}

export const DISPATCH_FIELDS: readonly DispatchField[] = [
  {
    path: "meetingUrl",
    label: "Voice channel",
    hint: "The channel's link (right-click it, Copy Link), or discord://SERVER_ID/CHANNEL_ID",
    kind: "text",
    mode: "live",
  },
  {
    path: "discord.botToken",
    label: "Bot token",
    hint: "It is sealed, and never shown again",
    kind: "password",
    mode: "live",
  },
  { path: "sandbox.fixture", label: "Recorded call to play", kind: [], mode: "test" },
  { path: "externalId", label: "Your own name for the job", hint: "Optional. It names one job only", kind: "text" },
  { path: "joinAt", label: "Join at", hint: "Empty to join now", kind: "time" },
  {
    path: "discord.textChannelId",
    label: "Text channel to capture",
    hint: "Its id, 17 to 20 digits",
    kind: "text",
    mode: "live",
    isExtra: true,
  },
  {
    path: "recording.consent",
    label: "Consent",
    kind: [
      ["", "as the service is set"],
      ["none", "none: the operator has it"],
      ["notice", "notice: people are informed"],
      ["opt-out", "opt-out: people can refuse"],
      ["opt-in", "opt-in: only who agrees"],
    ],
    isExtra: true,
  },
  {
    path: "autoLeave.afterEntryDelaySeconds",
    label: "Leave if nobody comes, after seconds",
    kind: "number",
    isExtra: true,
  },
  {
    path: "autoLeave.afterSoloSeconds",
    label: "Leave if everybody has left, after seconds",
    kind: "number",
    isExtra: true,
  },
  {
    path: "autoLeave.afterSilenceSeconds",
    label: "Leave if nobody speaks, after seconds",
    kind: "number",
    isExtra: true,
  },
  { path: "autoLeave.afterMaxSeconds", label: "Leave after seconds in any case", kind: "number", isExtra: true },
  {
    path: "webhooks.onStatus",
    label: "Webhook for every event",
    hint: "An https:// address",
    kind: "address",
    isExtra: true,
  },
  {
    path: "webhooks.onFinalize",
    label: "Webhook for the end",
    hint: "An https:// address",
    kind: "address",
    isExtra: true,
  },
];

/** What was typed, by the paths of the fields. */
export type Typed = Readonly<Record<string, string>>;

export function fieldsFor(mode: "live" | "test"): readonly DispatchField[] {
  return DISPATCH_FIELDS.filter((field) => field.mode === undefined || field.mode === mode);
}

/** The body of `POST /api/v1/jobs`. What is empty is left out; the service judges the rest. */
export function requestOf(fields: readonly DispatchField[], typed: Typed): Record<string, unknown> {
  const request: Record<string, unknown> = {};
  for (const { path, kind } of fields) {
    const text = (typed[path] ?? "").trim();
    if (text === "") continue;
    const [first = "", second] = path.split(".");
    const value = typedValue(kind, text);
    if (second === undefined) request[first] = value;
    else request[first] = { ...(request[first] as object | undefined), [second]: value };
  }
  return request;
}

function typedValue(kind: DispatchField["kind"], text: string): string | number {
  if (kind === "number") return Number.isFinite(Number(text)) ? Number(text) : text;
  if (kind !== "time") return text;
  // The input has no zone: it is the viewer's.
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? text : at.toISOString();
}

export interface SortedIssues {
  /** By the path of the field. */
  readonly ofFields: Readonly<Record<string, string>>;
  /** Problems of fields that the form does not have. */
  readonly others: readonly string[];
}

/** Sorts what the service has against a request by the fields of the form. */
export function sortIssues(fields: readonly DispatchField[], issues: readonly Issue[]): SortedIssues {
  const paths = new Set(fields.map(({ path }) => path));
  const ofFields: Record<string, string> = {};
  const others: string[] = [];
  for (const { path, message } of issues) {
    const name = fieldOf(path.join("."), paths);
    if (name === undefined) others.push(path.length === 0 ? message : `${path.join(".")}: ${message}`);
    else ofFields[name] ??= message;
  }
  return { ofFields, others };
}

/** A channel that is missing is the request's `discord` or `url` too. */
function fieldOf(path: string, paths: ReadonlySet<string>): string | undefined {
  if (paths.has(path)) return path;
  return /^(url|discord(\.(guildId|channelId))?)$/.test(path) && paths.has("meetingUrl") ? "meetingUrl" : undefined;
}
