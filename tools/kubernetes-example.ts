import { toYaml } from "../src/kubernetes/manifest.ts";
import {
  jobManifest,
  networkPolicyManifest,
  recoveryManifest,
  spoolClaimManifest,
} from "../src/kubernetes/manifests.ts";
import type { PodOptions } from "../src/kubernetes/pod-options.ts";
import { loadPodSettings } from "../src/kubernetes/pod-settings.ts";
import { SOFTWARE } from "../src/version.ts";

const SPOOL_CLAIM = "meetbot-spool";

const OPTIONS: PodOptions = {
  image: `${SOFTWARE.name}:${SOFTWARE.version}`,
  namespace: undefined,
  secret: SOFTWARE.name,
  secretKeys: ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
  spoolClaim: SPOOL_CLAIM,
  storageClaim: undefined,
  serviceAccount: undefined,
};

const ENVIRONMENT = {
  MEETBOT_MEETING_URL: "discord://81384788765712384/381870553235193857",
  MEETBOT_JOB_ID: "job_01HX9N8K",
  MEETBOT_STORAGE_URI: "s3://my-bucket/calls",
  MEETBOT_S3_REGION: "eu-central-1",
};

/**
 * The output of `job-manifest` for an example, and the other objects of a namespace, by their paths under `config/`.
 */
export function kubernetesFiles(): Record<string, string> {
  const settings = loadPodSettings({ environment: ENVIRONMENT }, OPTIONS);
  const { namespace } = OPTIONS;
  return {
    "kubernetes/job.yaml": toYaml([jobManifest(settings, OPTIONS)]),
    "kubernetes/network-policy.yaml": toYaml([networkPolicyManifest(namespace, settings.httpPort)]),
    "kubernetes/spool-claim.yaml": toYaml([spoolClaimManifest(SPOOL_CLAIM, namespace)]),
    "kubernetes/recover.yaml": toYaml([recoveryManifest(settings, OPTIONS)]),
  };
}
