import type { V1CronJob, V1PersistentVolumeClaim } from "@kubernetes/client-node";
import { named, RECOVERY_LABELS } from "./metadata.ts";
import { type PodFrame, podOf, workerContainer } from "./pod.ts";
import type { PodOptions } from "./pod-options.ts";
import type { PodSettings } from "./pod-settings.ts";
import { workerResources } from "./resources.ts";

/** Space for a dozen of the longest calls while their storage is unreachable. */
const SPOOL_SIZE = "50Gi";
const EVERY_TEN_MINUTES = "*/10 * * * *";
const HOUR_SECONDS = 3_600;

/** A volume for the spools of many Jobs. Their pods run on any node, so it must be writable from many. */
export function spoolClaim(name: string, namespace: string | undefined): V1PersistentVolumeClaim {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: named(name, namespace),
    spec: { accessModes: ["ReadWriteMany"], resources: { requests: { storage: SPOOL_SIZE } } },
  };
}

/** The settings of a recovery: a job's, without the call, and without the token, which it does not need. */
export function recoveryFrame({ variables, secrets }: PodSettings, options: PodOptions): PodFrame {
  const { MEETBOT_MEETING_URL, MEETBOT_JOB_ID, MEETBOT_EXTERNAL_ID, ...shared } = variables;
  return { options, variables: shared, secrets: secrets.filter((name) => name !== "DISCORD_BOT_TOKEN") };
}

/** Finishes jobs in the shared spool whose Jobs used up their attempts. */
export function recoveryCronJob(settings: PodSettings, options: PodOptions): V1CronJob {
  const frame = recoveryFrame(settings, options);
  return {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: { ...named("meetbot-recover", options.namespace), labels: { ...RECOVERY_LABELS } },
    spec: {
      schedule: EVERY_TEN_MINUTES,
      // Two at a time would be correct, because each job has a lock, but useless.
      concurrencyPolicy: "Forbid",
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 3,
      jobTemplate: {
        spec: {
          // The next scheduled run is the retry.
          backoffLimit: 0,
          activeDeadlineSeconds: HOUR_SECONDS,
          template: {
            metadata: { labels: { ...RECOVERY_LABELS } },
            spec: podOf(frame, {
              containers: [
                {
                  ...workerContainer("recover", frame),
                  // Jobs that share the spool may store to different places. Only their pods write to it.
                  args: ["recover", "--all", "--journal-storage"],
                  resources: workerResources(0, false),
                },
              ],
            }),
          },
        },
      },
    },
  };
}
