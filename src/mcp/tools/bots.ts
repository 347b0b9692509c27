import * as z from "zod";
import type { DispatchInput } from "../../sdk/index.ts";
import { pageQuery } from "../../service/api/operations/common.ts";
import { choice, fields, form, instant } from "../../service/api/schemas/fields.ts";
import { jobWithLive, serviceJob, serviceJobStatus } from "../../service/api/schemas/job-answer.ts";
import { jobRequest } from "../../service/api/schemas/job-request.ts";
import { ADDS, defineTool, ENDS, jobInput, READS, type Tool, ToolError } from "../tool.ts";

/** Dispatching, reading and ending jobs. `list_jobs` and `get_job` are other names for `list_bots` and `get_bot`. */

const { discord, ...requestFields } = jobRequest.shape;
const { botToken: _token, ...callIds } = discord.unwrap().shape;

/** A request for a job, without the bot's token. */
const dispatchInput = fields({ ...requestFields, discord: fields(callIds).optional() });

const listInput = fields({
  ...pageQuery,
  status: choice(serviceJobStatus.options).optional(),
  platform: choice(["discord"]).optional(),
  externalId: form(/^[\w.:@=+-]{1,128}$/, "1 to 128 letters, digits and any of . _ : @ = + -").optional(),
  createdAfter: instant.optional(),
});

const jobPage = z.object({
  data: z.array(serviceJob),
  nextCursor: z.string().nullable().meta({ description: "for the argument cursor; null on the last page" }),
});

const dispatchBot = defineTool({
  name: "dispatch_bot",
  title: "Send a bot to a call",
  description:
    "Send a bot to record a Discord voice channel, now or at joinAt. Give meetingUrl: the channel's link from Discord, or discord://GUILD_ID/CHANNEL_ID. Set externalId to your own id for the call: asking again with it answers the same job instead of sending a second bot. The bot's token is not an argument: it comes from the environment of this server. Never ask a person for it. The answer is the job; its id is for the other tools.",
  hints: ADDS,
  input: dispatchInput,
  output: serviceJob,
  run: async ({ meetbot, botToken, isTestKey }, input, signal) => {
    if (botToken === undefined && !isTestKey) {
      throw new ToolError(
        "No bot token is set. Ask the person to set DISCORD_BOT_TOKEN in the environment of this MCP server, in the client's configuration, and to start it again. Do not ask for the token itself.",
      );
    }
    // The schema has checked the settings in `recording`, whose types it does not say.
    const request = input as DispatchInput;
    const token = isTestKey || botToken === undefined ? {} : { discord: { ...request.discord, botToken } };
    return await meetbot.dispatchBot({ ...request, ...token }, { signal });
  },
});

const get = (name: string, other: string): Tool =>
  defineTool({
    name,
    title: "Look at a bot",
    description: `Fetch one job: its status, why it ended, its manifest, and in "live" who is in the call now. The same as ${other}. A job is over when its status is completed, failed or cancelled; failure_code then says why it failed.`,
    hints: READS,
    input: jobInput,
    output: jobWithLive,
    run: async ({ meetbot }, { id }, signal) => await meetbot.getJob(id, { signal }),
  });

const list = (name: string, other: string): Tool =>
  defineTool({
    name,
    title: "List bots",
    description: `List jobs, newest first, by status, externalId or time. The same as ${other}. Jobs in a call have the status recording, in_call or joining.`,
    hints: READS,
    input: listInput,
    output: jobPage,
    run: async ({ meetbot }, query, signal) => {
      const { data, nextCursor } = await meetbot.listBots(query, { signal });
      return { data: [...data], nextCursor };
    },
  });

const deleteJob = defineTool({
  name: "delete_job",
  title: "Cancel a job",
  description:
    "Cancel a job: a bot in a call leaves at once, and what it recorded is kept. A job that waits for its time never starts. To end a call as usual, use leave_bot instead.",
  hints: ENDS,
  input: jobInput,
  output: serviceJob,
  run: async ({ meetbot }, { id }, signal) => await meetbot.cancelJob(id, { signal }),
});

export const BOT_TOOLS: readonly Tool[] = [
  dispatchBot,
  get("get_bot", "get_job"),
  list("list_bots", "list_jobs"),
  list("list_jobs", "list_bots"),
  get("get_job", "get_bot"),
  deleteJob,
];
