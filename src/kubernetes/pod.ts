import type {
  V1Container,
  V1EnvVar,
  V1PodSecurityContext,
  V1PodSpec,
  V1SecurityContext,
  V1Volume,
  V1VolumeMount,
} from "@kubernetes/client-node";
import { RECORDINGS_PATH, SPOOL_PATH, USER_ID } from "./image.ts";
import type { PodOptions } from "./pod-options.ts";
import type { PodSettings } from "./pod-settings.ts";

const SECRETS_PATH = "/run/secrets/meetbot-discord";
/** Readable by the owner and the pod's group. */
const SECRETS_MODE = 0o440;

/**
 * 25 people who talk for four hours without a pause make 2.9 GB at 64 kbit/s, a voice channel's usual rate. The spool
 * holds that much if the storage cannot be reached all the time. Otherwise each part leaves the spool soon after it ends.
 */
const SPOOL_LIMIT = "4Gi";

/** A worker in its own pod: the parts common to all commands. */
export interface PodFrame {
  readonly options: PodOptions;
  /** Besides the secrets. */
  readonly variables: Readonly<Record<string, string>>;
  readonly secrets: PodSettings["secrets"];
}

/** A pod that runs the containers once, without a right that a worker does not need. */
export function podOf({ options, secrets }: PodFrame, containers: Pick<V1PodSpec, "initContainers" | "containers">) {
  const { spoolClaim, storageClaim, serviceAccount } = options;
  return {
    // A restarted container would hide from the Job why it failed. So each attempt is a new pod.
    restartPolicy: "Never",
    ...(serviceAccount === undefined ? {} : { serviceAccountName: serviceAccount }),
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: POD_SECURITY,
    ...containers,
    volumes: [
      { name: "spool", ...(spoolClaim === undefined ? { emptyDir: { sizeLimit: SPOOL_LIMIT } } : claim(spoolClaim)) },
      ...(storageClaim === undefined ? [] : [{ name: "recordings", ...claim(storageClaim) }]),
      { name: "tmp", emptyDir: { sizeLimit: "64Mi" } },
      ...secretsVolume(options.secret, secrets),
    ],
  } satisfies V1PodSpec;
}

/** The worker's program; what it runs is up to the caller. */
export function workerContainer(name: string, { options, variables, secrets }: PodFrame) {
  const { image, storageClaim } = options;
  const mounts: V1VolumeMount[] = [
    { name: "spool", mountPath: SPOOL_PATH },
    ...(storageClaim === undefined ? [] : [{ name: "recordings", mountPath: RECORDINGS_PATH }]),
    { name: "tmp", mountPath: "/tmp" },
    ...(secrets.length > 0 ? [{ name: "secrets", mountPath: SECRETS_PATH, readOnly: true }] : []),
  ];
  return {
    name,
    image,
    env: [
      ...Object.entries(variables).map(([variable, value]): V1EnvVar => ({ name: variable, value })),
      ...secrets.map((secret): V1EnvVar => ({ name: `${secret}_FILE`, value: `${SECRETS_PATH}/${secret}` })),
    ],
    volumeMounts: mounts,
    securityContext: CONTAINER_SECURITY,
  } satisfies V1Container;
}

const POD_SECURITY: V1PodSecurityContext = {
  runAsNonRoot: true,
  runAsUser: USER_ID,
  runAsGroup: USER_ID,
  fsGroup: USER_ID,
  fsGroupChangePolicy: "OnRootMismatch",
  seccompProfile: { type: "RuntimeDefault" },
};

const CONTAINER_SECURITY: V1SecurityContext = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};

function claim(claimName: string): Omit<V1Volume, "name"> {
  return { persistentVolumeClaim: { claimName } };
}

/** Only the keys that are used: if the Secret lacks one, the pod says which and does not start. */
function secretsVolume(secretName: string, secrets: PodSettings["secrets"]): V1Volume[] {
  const items = secrets.map((name) => ({ key: name, path: name }));
  return items.length === 0 ? [] : [{ name: "secrets", secret: { secretName, defaultMode: SECRETS_MODE, items } }];
}
