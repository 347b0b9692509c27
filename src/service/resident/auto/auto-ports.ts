import type { Log } from "../../../log.ts";
import type { JobStore } from "../../ports/jobs.ts";
import type { ResidentStore } from "../../ports/resident.ts";
import type { GuildCache } from "../discord/guild-cache.ts";
import type { PoolBot } from "../domain/pool-choice.ts";
import type { CallStart, CallStarted } from "../start-call.ts";

/** What the automatic part needs. */
export interface AutoPorts {
  readonly store: Pick<JobStore, "onJobChange"> & {
    readonly resident: Pick<
      ResidentStore,
      "guild" | "rules" | "waits" | "setWait" | "removeWait" | "openCalls" | "call" | "calls" | "forgetGuild"
    >;
  };
  readonly world: Pick<GuildCache, "guild" | "present">;
  readonly botsFor: (guildId: string, voiceChannelId: string) => Promise<readonly PoolBot[]>;
  readonly startCall: (call: CallStart) => Promise<CallStarted>;
  /** Asks a job's worker to leave. */
  readonly endCall: (jobId: string) => Promise<unknown>;
  readonly clock: { now(): number };
  /** Calls `action` once after so many milliseconds. @returns a function that prevents it */
  readonly after: (delayMs: number, action: () => void) => () => void;
  readonly log: Log;
}
