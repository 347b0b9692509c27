import { recordingJob } from "./job.ts";
import type { Manifest } from "./manifest.ts";
import { networkPolicy } from "./network-policy.ts";
import type { PodOptions } from "./pod-options.ts";
import type { PodSettings } from "./pod-settings.ts";
import { recoveryCronJob, spoolClaim } from "./shared-spool.ts";

/** The objects, with comments for operators. */

const POD = "spec.template.spec";

const JOB_NOTES = {
  "spec.activeDeadlineSeconds": "The longest call, and an hour for a node, the image, attempts to join, and uploads.",
  "spec.ttlSecondsAfterFinished": "Keeps the pod's log for a day.",
  "spec.template.metadata.annotations": "Karpenter and the cluster autoscaler do not take a recorder off its node.",
  [`${POD}.terminationGracePeriodSeconds`]: "MEETBOT_SHUTDOWN_GRACE_SECONDS, and 10 s to close the files.",
  [`${POD}.containers.0.livenessProbe`]: "Killing a recorder costs more than waiting: three minutes without an answer.",
  [`${POD}.containers.0.readinessProbe`]: "Ready while it records, or stores what it has recorded.",
  [`${POD}.containers.0.resources`]:
    "From npm run bench:guilds and bench:fidelity. No limit on the processor: a worker that is throttled loses packets.",
};

const NODE_SPOOL_NOTES = {
  "spec.podFailurePolicy": `Another pod only if nothing was recorded (exit code 2). This spool goes with its pod, so a second
one could finish nothing: it would join again and write over what the first has stored.`,
  [`${POD}.volumes`]: `The spool lies on the node's disk and goes with the pod: what is not stored when that is killed, or exits
with 5, is lost. --spool-claim puts it on a volume that stays.`,
};

const CLAIMED_SPOOL_NOTES = {
  "spec.podFailurePolicy": `No other attempt after bad input (1) or a refused token (3). After anything else another pod finishes what
lies in the spool; it joins only if nothing was recorded. A pod that its node lost does not count as a failed attempt.`,
  [`${POD}.initContainers`]: `Finishes what other Jobs' pods left in the spool, for a minute at most, and never keeps this one from
recording. Jobs that have a worker are left alone: each folder has a lock.`,
  [`${POD}.volumes`]:
    "Jobs that share a spool finish each other's work, with their own credentials: let them share the Secret too.",
};

/** @param settings of the recording */
export function jobManifest(settings: PodSettings, options: PodOptions): Manifest {
  return {
    object: recordingJob(settings, options),
    about: `One recording. Applying it again changes nothing: its name is made from MEETBOT_JOB_ID.
kubectl wait --for=condition=Complete says when it is over, kubectl delete ends the call in order.`,
    notes: { ...JOB_NOTES, ...(options.spoolClaim === undefined ? NODE_SPOOL_NOTES : CLAIMED_SPOOL_NOTES) },
  };
}

export function networkPolicyManifest(namespace: string | undefined, httpPort: number): Manifest {
  return {
    object: networkPolicy(namespace, httpPort),
    about: `For all recorders of a namespace. Takes effect if the cluster's network plugin knows policies.
A policy cannot name hosts: Discord and the bucket are "public addresses" here. To narrow the bucket's side, or to
let recorders reach a storage server or a receiver at a private address (or EKS Pod Identity at 169.254.170.23, port 80),
change the last rule, or add a policy with the same podSelector: policies add up. Plugins with rules for names
(Cilium, Calico) can have *.discord.com, *.discord.gg, *.discord.media, cdn.discordapp.com and the bucket's host.`,
    notes: {
      "spec.ingress": "Health, metrics and control, for pods of this cluster. The kubelet's probes are let in anyway.",
      "spec.egress.0": "Names, from the cluster's own servers.",
      "spec.egress.1.ports": `443: Discord's API and gateway, the bucket, webhooks. The rest is for voice: Discord chooses the voice server's
port for each call (TCP for its gateway, UDP for the audio) and documents no range.`,
    },
  };
}

export function spoolClaimManifest(name: string, namespace: string | undefined): Manifest {
  return {
    object: spoolClaim(name, namespace),
    about: `A spool that outlives pods and nodes, for Jobs with --spool-claim. It takes a storage class that many nodes can
write to at a time (NFS, CephFS, EFS, Filestore).`,
    notes: {},
  };
}

export function recoveryManifest(settings: PodSettings, options: PodOptions): Manifest {
  return {
    object: recoveryCronJob(settings, options),
    about: `Finishes what Jobs left in the spool that they share when their attempts were used up, once the storage or the
receiver of the events is back. Give it the secrets that the Jobs have, their webhook's included.`,
    notes: {},
  };
}
