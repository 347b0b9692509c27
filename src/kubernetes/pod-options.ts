/** The names of cluster objects that a pod needs in addition to the worker's settings. */
export interface PodOptions {
  readonly image: string;
  /** Undefined for the default of kubectl. */
  readonly namespace: string | undefined;
  /** The Secret whose keys have the names of secret settings. */
  readonly secret: string;
  /** Secret settings in that Secret, besides the token and the given ones. */
  readonly secretKeys: readonly string[];
  /** The claim for the spool's volume, which outlives the pod. Undefined for a spool that ends with the pod. */
  readonly spoolClaim: string | undefined;
  /** The claim for a volume to store in, instead of a bucket. */
  readonly storageClaim: string | undefined;
  /** Set if the cloud gives a bucket's credentials to pods by their service account. */
  readonly serviceAccount: string | undefined;
}

/** RFC 1123, as Kubernetes takes most names: at most 253 characters. */
const SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
/** And a namespace's. */
const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** One sentence for each name that Kubernetes would refuse. */
export function nameProblems(options: PodOptions): string[] {
  const { image, namespace, secret, spoolClaim, storageClaim, serviceAccount } = options;
  const names = { "--secret": secret, "--spool-claim": spoolClaim, "--storage-claim": storageClaim };
  const problems = Object.entries({ ...names, "--service-account": serviceAccount }).flatMap(([option, name]) =>
    name === undefined || SUBDOMAIN.test(name)
      ? []
      : [`${option} is ${JSON.stringify(name)}, expected a name of lower-case letters, digits, - and .`],
  );
  if (namespace !== undefined && !LABEL.test(namespace)) {
    problems.push(`--namespace is ${JSON.stringify(namespace)}, expected at most 63 lower-case letters, digits and -`);
  }
  if (!/^[\w./:@-]+$/.test(image)) {
    problems.push(
      `--image is ${JSON.stringify(image)}, expected an image's name, such as registry.example.org/meetbot-discord:1`,
    );
  }
  return problems;
}
