import type { PodOptions } from "../../src/kubernetes/pod-options.ts";

/** The minimum of options for a Job. */
export const OPTIONS: PodOptions = {
  image: "registry.example.org/meetbot-discord:1",
  namespace: undefined,
  secret: "meetbot-discord",
  secretKeys: [],
  spoolClaim: undefined,
  storageClaim: undefined,
  serviceAccount: undefined,
};

export const ENVIRONMENT = {
  MEETBOT_MEETING_URL: "discord://81384788765712384/381870553235193857",
  MEETBOT_JOB_ID: "job_01HX9N8K",
  MEETBOT_STORAGE_URI: "s3://my-bucket/calls",
};
