import { JobError } from "../../errors.ts";
import { type CheckResult, failedBy } from "../../session/doctor-check.ts";
import { discordChecks, type PlannedJob } from "./checks.ts";
import { type LookOptions, lookAtDiscord } from "./look.ts";

/** Checks over REST if a job could start. It joins nothing, and nobody in the server sees it. */
export async function examineDiscord(options: LookOptions & PlannedJob): Promise<readonly CheckResult[]> {
  try {
    return discordChecks(await lookAtDiscord(options), options);
  } catch (error) {
    if (error instanceof JobError && error.failureCode === "auth_failure") {
      const fix = "take the token from Bot, Reset Token in the Developer Portal, and set DISCORD_BOT_TOKEN to it";
      return [failedBy("token", error, fix)];
    }
    const fix = "let this machine reach https://discord.com (TCP, port 443), or look at https://discordstatus.com";
    return [failedBy("discord", error, fix)];
  }
}
