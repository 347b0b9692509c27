import { setTimeout as sleep } from "node:timers/promises";
import type { JobMessage, MeetBot } from "../../sdk/index.ts";

/** How often new jobs are looked for. */
const LOOK_MS = 2_000;
const PAGE = 100;
const OVER: ReadonlySet<string> = new Set(["completed", "failed", "cancelled"]);

/** A job event of the stream. */
export type FollowedEvent = Extract<JobMessage, { readonly deliveryId: string }>;

/**
 * Follows all jobs of a key, those that come later too. It never resolves.
 *
 * @param since earlier events are left out
 * @param onEvent is waited for, so that the events of a job stay in order
 * @throws MeetbotError if the service cannot be asked any more
 */
export async function followAll(
  meetbot: MeetBot,
  since: Date,
  onEvent: (event: FollowedEvent) => Promise<void>,
): Promise<never> {
  const followed = new Set<string>();
  const failed = Promise.withResolvers<never>();
  const follow = async (id: string): Promise<void> => {
    for await (const message of meetbot.watchJob(id)) {
      if (isJobEvent(message) && new Date(message.emittedAt) >= since) await onEvent(message);
    }
  };
  for (;;) {
    const { data } = await meetbot.listJobs({ limit: PAGE });
    for (const { id, status, updatedAt } of data) {
      if (followed.has(id) || (OVER.has(status) && new Date(updatedAt) < since)) continue;
      followed.add(id);
      follow(id).catch(failed.reject);
    }
    await Promise.race([sleep(LOOK_MS), failed.promise]);
  }
}

function isJobEvent(message: JobMessage): message is FollowedEvent {
  return "deliveryId" in message;
}
