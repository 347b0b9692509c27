import { Command } from "commander";
import { typed } from "../../invocation.ts";
import { toJson, toYaml } from "../../kubernetes/manifest.ts";
import { jobManifest, networkPolicyManifest } from "../../kubernetes/manifests.ts";
import { loadPodSettings } from "../../kubernetes/pod-settings.ts";
import { SOFTWARE } from "../../version.ts";
import { channelArgument, channelIn } from "../channel-argument.ts";

interface JobManifestOptions {
  readonly config?: string;
  readonly image: string;
  readonly namespace?: string;
  readonly secret: string;
  readonly secretKeys?: readonly string[];
  readonly spoolClaim?: string;
  readonly storageClaim?: string;
  readonly serviceAccount?: string;
  readonly networkPolicy?: boolean;
  readonly json?: boolean;
}

export function jobManifestCommand(): Command {
  return new Command("job-manifest")
    .description("print a Kubernetes Job that records a voice channel")
    .addArgument(channelArgument())
    .option("--config <file>", "JSON file with settings; the environment wins")
    .option("--image <image>", "the worker's image", `${SOFTWARE.name}:${SOFTWARE.version}`)
    .option("--namespace <name>", "namespace of the objects; kubectl's own by default")
    .option("--secret <name>", "the Secret whose keys are called like the secret settings", SOFTWARE.name)
    .option("--secret-keys <names>", "more keys of it, with commas between them", splitNames)
    .option("--spool-claim <name>", "PersistentVolumeClaim for the spool, so that it outlives the pod")
    .option("--storage-claim <name>", "PersistentVolumeClaim to record to, instead of a bucket")
    .option("--service-account <name>", "the pod's account, where the cloud lets it into the bucket")
    .option("--network-policy", "print the namespace's NetworkPolicy too")
    .option("--json", "JSON instead of YAML")
    .addHelpText(
      "after",
      `
Takes the settings of record and checks them as record does. Secrets are not printed: the pod has them from the Secret,
DISCORD_BOT_TOKEN always, and each secret setting that is set here or named with --secret-keys. Its other variables
are those that are set here. The job's id, which is made where none is set, is in the Job's name: a job that is applied
twice records once. Exits 1, with every problem at once, where the settings cannot be used.

Examples:
  kubectl create secret generic meetbot-discord --from-file=DISCORD_BOT_TOKEN=token.txt
  MEETBOT_STORAGE_URI=s3://my-bucket/calls ${typed("job-manifest")} --service-account recorder \\
    discord://81384788765712384/381870553235193857 | kubectl apply -f -`,
    )
    .action((channel: string[], options: JobManifestOptions) => {
      process.stdout.write(manifestText(channelIn(channel), options));
    });
}

function splitNames(text: string, earlier: readonly string[] = []): string[] {
  return [...earlier, ...text.split(",").filter((name) => name !== "")];
}

function manifestText(meetingUrl: string | undefined, given: JobManifestOptions): string {
  const { image, namespace, secret, secretKeys = [], spoolClaim, storageClaim, serviceAccount } = given;
  const options = { image, namespace, secret, secretKeys, spoolClaim, storageClaim, serviceAccount };
  const settings = loadPodSettings({ environment: process.env, file: given.config, meetingUrl }, options);
  const manifests = [
    ...(given.networkPolicy === true ? [networkPolicyManifest(namespace, settings.httpPort)] : []),
    jobManifest(settings, options),
  ];
  return given.json === true ? toJson(manifests) : toYaml(manifests);
}
