import { isDeepStrictEqual } from "node:util";
import type { KubernetesObject } from "@kubernetes/client-node";
import { ObjectSerializer } from "@kubernetes/client-node/dist/gen/models/ObjectSerializer.js";
import { CronJob, Job } from "kubernetes-models/batch/v1";
import { NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1";
import { PersistentVolumeClaim } from "kubernetes-models/v1";

/**
 * Two judges that were both generated from Kubernetes' own OpenAPI document. Neither is enough: `kubernetes-models`
 * knows types, required fields and choices, and lets unknown fields pass; the official client's serializer knows the
 * fields, and drops what it does not know.
 */
const KINDS = {
  Job: (object: never) => new Job(object),
  CronJob: (object: never) => new CronJob(object),
  NetworkPolicy: (object: never) => new NetworkPolicy(object),
  PersistentVolumeClaim: (object: never) => new PersistentVolumeClaim(object),
};

/** The errors that Kubernetes would find in an object; none if it would accept it. */
export function schemaFaults(object: KubernetesObject): string[] {
  const kind = Object.keys(KINDS).find((name): name is keyof typeof KINDS => name === object.kind);
  if (kind === undefined) return [`unknown kind ${object.kind}`];
  const faults: string[] = [];
  try {
    KINDS[kind](object as never).validate();
  } catch (error) {
    faults.push(String(error));
  }
  const type = `V1${kind}`;
  const known = ObjectSerializer.serialize(ObjectSerializer.deserialize(object, type, ""), type, "");
  return [...faults, ...lostIn(object, JSON.parse(JSON.stringify(known)), "")];
}

/** Paths of fields that `known` lacks, or has with another value. */
function lostIn(given: unknown, known: unknown, path: string): string[] {
  if (typeof given !== "object" || given === null) {
    return isDeepStrictEqual(given, known) ? [] : [`${path}: unknown field or another value`];
  }
  if (typeof known !== "object" || known === null) return [`${path}: unknown field`];
  return Object.entries(given).flatMap(([key, value]) => lostIn(value, Reflect.get(known, key), `${path}/${key}`));
}
