import type { V1Container, V1Job, V1PodFailurePolicyRule } from "@kubernetes/client-node";
import type { ExitCode } from "../session/exit.ts";
import { ENTRYPOINT } from "./image.ts";
import { jobName, named, recorderMetadata } from "./metadata.ts";
import { type PodFrame, podOf, workerContainer } from "./pod.ts";
import type { PodOptions } from "./pod-options.ts";
import type { PodSettings } from "./pod-settings.ts";
import { workerResources } from "./resources.ts";
import { recoveryFrame } from "./shared-spool.ts";

const CONTAINER = "record";

/** Extra time besides the longest call: scheduling and the image, attempts to join, reconnecting, uploads. */
const AROUND_THE_CALL_SECONDS = 3_600;
/** After its own grace the worker closes its files and exits with 5, which is quick. */
const AFTER_THE_GRACE_SECONDS = 10;
/** A day for reading the pod's log. */
const KEPT_SECONDS = 86_400;
/**
 * Recovering other jobs must not delay joining the call: the time until a recovery must end, and until it is killed.
 */
const RECOVERY_SECONDS = 50;
const RECOVERY_KILL_SECONDS = 10;

/** Bad input and failed authentication, which no retry can fix. */
const HOPELESS: readonly ExitCode[] = [1, 3];
/** Nothing was recorded, and nothing is lost by starting again. */
const NOTHING_RECORDED: ExitCode = 2;

/** How often another pod is tried: after 10, 20, 40 s and so on. */
const ATTEMPTS_TO_JOIN = 2;
/** 10 minutes for a storage or a webhook to recover. */
const ATTEMPTS_TO_FINISH = 6;

/** One recording as a Job: one pod, until the call is over. */
export function recordingJob(settings: PodSettings, options: PodOptions): V1Job {
  const { jobId, longestCallSeconds, shutdownGraceSeconds } = settings;
  const { labels, annotations } = recorderMetadata(settings);
  const frame = { options, variables: settings.variables, secrets: settings.secrets };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { ...named(jobName(jobId), options.namespace), labels, annotations },
    spec: {
      backoffLimit: options.spoolClaim === undefined ? ATTEMPTS_TO_JOIN : ATTEMPTS_TO_FINISH,
      // A bot can be in one voice channel of a server: the next pod waits until the one before is gone.
      podReplacementPolicy: "Failed",
      podFailurePolicy: { rules: failureRules(options) },
      ...(longestCallSeconds === undefined
        ? {}
        : { activeDeadlineSeconds: longestCallSeconds + AROUND_THE_CALL_SECONDS }),
      ttlSecondsAfterFinished: KEPT_SECONDS,
      template: {
        metadata: {
          labels,
          annotations: {
            ...annotations,
            "karpenter.sh/do-not-disrupt": "true",
            "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
          },
        },
        spec: {
          terminationGracePeriodSeconds: shutdownGraceSeconds + AFTER_THE_GRACE_SECONDS,
          ...podOf(frame, {
            ...(options.spoolClaim === undefined
              ? {}
              : { initContainers: [recoveryContainer(recoveryFrame(settings, options), settings)] }),
            containers: [recordContainer(frame, settings)],
          }),
        },
      },
    },
  };
}

/**
 * With a spool that outlives the pod, the next pod finishes what is in it and does not join again. Without one, a pod
 * that had begun to record must not be followed by another: that would join again and write over what is stored.
 */
function failureRules({ spoolClaim }: PodOptions): V1PodFailurePolicyRule[] {
  const onExitCodes = { containerName: CONTAINER };
  return spoolClaim === undefined
    ? [
        { action: "FailJob", onExitCodes: { ...onExitCodes, operator: "NotIn", values: [NOTHING_RECORDED] } },
        { action: "FailJob", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
      ]
    : [
        { action: "FailJob", onExitCodes: { ...onExitCodes, operator: "In", values: [...HOPELESS] } },
        { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
      ];
}

function recordContainer(frame: PodFrame, { attachmentMegabytes, httpPort }: PodSettings): V1Container {
  const health = { httpGet: { path: "/healthz", port: "http" }, timeoutSeconds: 5 };
  return {
    ...workerContainer(CONTAINER, frame),
    args: ["record"],
    ports: [{ name: "http", containerPort: httpPort }],
    // It answers once it has its spool, for which it may wait until a lock there has become old.
    startupProbe: { ...health, periodSeconds: 2, failureThreshold: 60 },
    // Killing a recorder does more harm than waiting, so the limit is three minutes without an answer.
    livenessProbe: { ...health, periodSeconds: 30, failureThreshold: 6 },
    readinessProbe: { httpGet: { path: "/readyz", port: "http" }, timeoutSeconds: 5, periodSeconds: 5 },
    resources: workerResources(attachmentMegabytes, frame.options.spoolClaim === undefined),
  };
}

/**
 * Finishes what pods of other Jobs left in the same spool; `record` finishes its own job's. It must neither keep the
 * worker from starting nor make it late, so it has a minute, and what it could not do is left for another time. A
 * recovery may be killed at any moment.
 */
function recoveryContainer(frame: PodFrame, { jobId }: PodSettings): V1Container {
  const limit = `timeout --kill-after=${RECOVERY_KILL_SECONDS} ${RECOVERY_SECONDS}`;
  // Jobs that share the spool may store to different places. Whoever can write to its volume runs pods in our namespace,
  // so a journal there is as trustworthy as our settings; credentials go only to the endpoint that the settings name.
  // A job id has no character that means anything to a shell.
  const recover = [limit, ...ENTRYPOINT, "recover", "--all", "--journal-storage", `--except=${jobId}`].join(" ");
  return {
    ...workerContainer("recover", frame),
    command: ["sh", "-c", `${recover} || echo "recover exited with $?: what is left waits for another time" >&2`],
    resources: workerResources(0, false),
  };
}
