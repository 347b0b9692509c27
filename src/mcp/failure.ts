import * as z from "zod";
import { messageOf } from "../errors.ts";
import { type ErrorCode, MeetbotError, MeetbotHttpError, MeetbotTimeoutError } from "../sdk/index.ts";
import { ToolError } from "./tool.ts";

const AGAIN = "Try again in some seconds.";

/** What a model can do next about each of the service's codes. */
const NEXT: Readonly<Partial<Record<ErrorCode, string>>> = {
  unauthorized: "Ask the person to set a valid MEETBOT_API_KEY in the environment of this MCP server.",
  not_found: "Use list_bots or list_recordings to find the right id.",
  wrong_state: "Use get_bot to see the job's status.",
  bot_busy: "Use get_bot on the job that is named; leave_bot or delete_job ends it.",
  chat_unavailable: "The person has to give the bot the right to write in the channel.",
  recording_deleted: "It does not come back. list_recordings has those that are stored.",
  idempotency_conflict: "Call the tool again as a new call.",
  quota_exceeded:
    "Use list_bots with status recording to see what runs. Wait for one to end, or end one with leave_bot.",
  rate_limited: "Wait before the next call.",
  discord_unreachable: AGAIN,
  worker_unreachable: "Use get_bot to see whether the job is still in its call, then try again.",
  internal_error: AGAIN,
  store_unavailable: AGAIN,
  storage_unavailable: AGAIN,
};

/** Why a tool failed and what to do next, in words for a model. */
export function explain(error: unknown): string {
  if (error instanceof z.ZodError) return explainInput(error);
  if (error instanceof MeetbotHttpError) return explainRefusal(error);
  if (error instanceof MeetbotTimeoutError) {
    return `${sentence(error.message)} The service did not answer. Use a tool that reads, such as get_bot, before you do it again.`;
  }
  if (error instanceof MeetbotError) {
    return `${sentence(error.message)} Ask the person whether MEETBOT_API_BASE_URL is right.`;
  }
  if (error instanceof ToolError) return error.message;
  return `The tool failed: ${messageOf(error)}`;
}

function explainRefusal({ status, code, message, issues, retryAfterSeconds }: MeetbotHttpError): string {
  const next = code === undefined && status >= 500 ? AGAIN : code && NEXT[code];
  const wait = retryAfterSeconds === undefined ? undefined : `A retry makes sense after ${retryAfterSeconds} s.`;
  const why = issues.length === 0 ? sentence(message) : `\n${linesOf(issues)}`;
  return [`${code ?? "error"} (HTTP ${status}): ${why}`, next, wait].filter(Boolean).join("\n");
}

function sentence(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`;
}

/** Each line names a field and says what is accepted. */
function explainInput({ issues }: z.ZodError): string {
  const named = issues.flatMap((issue) => {
    const path = issue.path.map(String);
    if (issue.code !== "unrecognized_keys") return [{ path, message: issue.message }];
    const messages = issue.message.split("\n");
    return issue.keys.map((key, index) => ({ path: [...path, key], message: messages[index] ?? issue.message }));
  });
  const isToken = named.some(({ path }) => path.at(-1) === "botToken");
  const next = isToken
    ? "The bot's token is never an argument: it is DISCORD_BOT_TOKEN in the environment of this MCP server. Leave it out."
    : "Correct the arguments and call the tool again.";
  return `The arguments are not as described.\n${linesOf(named)}\n${next}`;
}

function linesOf(issues: readonly { readonly path: readonly string[]; readonly message: string }[]): string {
  return issues.map(({ path, message }) => `${path.join(".") || "arguments"}: ${message}`).join("\n");
}
