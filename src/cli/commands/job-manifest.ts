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
    .option("--image <image>", "image of the worker", `${SOFTWARE.name}:${SOFTWARE.version}`)
    .option("--namespace <name>", "namespace of the objects; by default that of kubectl")
    .option("--secret <name>", "Secret whose keys have the names of the secret settings", SOFTWARE.name)
    .option("--secret-keys <names>", "more keys of that Secret, separated by commas", splitNames)
    .option("--spool-claim <name>", "PersistentVolumeClaim for the spool, so that it survives the pod")
    .option("--storage-claim <name>", "PersistentVolumeClaim to store recordings in, instead of a bucket")
    .option("--service-account <name>", "service account of the pod, if the cloud gives it access to the bucket")
    .option("--network-policy", "also print a NetworkPolicy for the namespace")
    .option("--json", "print JSON instead of YAML")
    .addHelpText(
      "after",
      `
Reads the same settings as record, and checks them in the same way. The other settings that are set here become
variables of the pod. Secrets are not printed. The pod reads them from the Secret: always DISCORD_BOT_TOKEN, and each
secret setting that is set here or named with --secret-keys.

The name of the Job contains the job's id, which is generated unless it is set. So a manifest that is applied twice
records once. If the settings cannot be used, all problems are printed and the exit code is 1.

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
