import { createHash } from "node:crypto";
import type { V1ObjectMeta } from "@kubernetes/client-node";
import { SOFTWARE } from "../version.ts";
import type { PodSettings } from "./pod-settings.ts";

/** All pods of ours; by Kubernetes' recommended names, like those that follow. */
export const POD_LABELS = { "app.kubernetes.io/name": SOFTWARE.name };

/** Pods that record. */
const RECORDER_LABELS = { ...POD_LABELS, "app.kubernetes.io/component": "recorder" };

/** Pods that recover other pods' jobs. */
export const RECOVERY_LABELS = { ...POD_LABELS, "app.kubernetes.io/component": "recovery" };

/** A Job's name is a label of its pods, and their names add 6 characters: 57 would fit, and be hard to read. */
const MAX_SLUG_LENGTH = 30;

/**
 * The same for the same job, so that applying it twice makes one Job: a job id in the letters of a DNS label, and the
 * beginning of its hash, because ids that differ may look alike in those letters.
 */
export function jobName(jobId: string): string {
  const slug = jobId
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, MAX_SLUG_LENGTH)
    .replaceAll(/^-|-$/g, "");
  const hash = createHash("sha256").update(jobId).digest("hex").slice(0, 8);
  return ["meetbot", slug, hash].filter((piece) => piece !== "").join("-");
}

/** Metadata of a job and its pod. Labels select by server and channel; an annotation holds the full job id. */
export function recorderMetadata({ jobId, guildId, channelId }: PodSettings) {
  return {
    labels: {
      ...RECORDER_LABELS,
      "app.kubernetes.io/instance": jobName(jobId),
      "app.kubernetes.io/version": SOFTWARE.version,
      "discord-guild-id": guildId,
      "discord-channel-id": channelId,
    },
    annotations: { "meetbot-job-id": jobId },
  } satisfies V1ObjectMeta;
}

/** @param namespace left to kubectl if undefined */
export function named(name: string, namespace: string | undefined): V1ObjectMeta {
  return { name, ...(namespace === undefined ? {} : { namespace }) };
}
