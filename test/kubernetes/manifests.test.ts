import { readdirSync, readFileSync } from "node:fs";
import type { KubernetesObject } from "@kubernetes/client-node";
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { toYaml } from "../../src/kubernetes/manifest.ts";
import {
  jobManifest,
  networkPolicyManifest,
  recoveryManifest,
  spoolClaimManifest,
} from "../../src/kubernetes/manifests.ts";
import { loadPodSettings } from "../../src/kubernetes/pod-settings.ts";
import { schemaFaults } from "../support/kubernetes-schema.ts";
import { ENVIRONMENT, OPTIONS } from "../support/pod-example.ts";

const FOLDER = new URL("../../config/kubernetes/", import.meta.url);
const FILES = readdirSync(FOLDER);
const read = (name: string): string => readFileSync(new URL(name, FOLDER), "utf8");
const objectsIn = (text: string): KubernetesObject[] => parseAllDocuments(text).map((document) => document.toJS());

const SETTINGS = loadPodSettings({ environment: ENVIRONMENT }, OPTIONS);
const job = (change: Partial<typeof OPTIONS> = {}) => jobManifest(SETTINGS, { ...OPTIONS, ...change }).object;

describe("Kubernetes' schema", () => {
  test.each(FILES)("accepts config/kubernetes/%s", (name) => {
    const objects = objectsIn(read(name));
    expect(objects).toHaveLength(1);
    expect(objects.flatMap(schemaFaults)).toEqual([]);
  });

  test.each([
    ["with nothing but what is needed", {}],
    ["with a spool that outlives the pod", { spoolClaim: "meetbot-spool" }],
    ["that records to a volume", { storageClaim: "recordings" }],
    ["in a namespace, with an account", { namespace: "calls", serviceAccount: "recorder" }],
  ])("accepts a Job %s", (_, change) => {
    expect(schemaFaults(job(change))).toEqual([]);
  });

  test.each([
    ["an unknown field at the top", { foo: 1 }, "/foo: unknown field"],
    ["an unknown field of the Job", { spec: { backofLimit: 1 } }, "/spec/backofLimit: unknown field"],
    ["an unknown field of a container", inContainer({ livenesProbe: {} }), "/containers/0/livenesProbe: unknown field"],
    [
      "an unknown field of a probe",
      inContainer({ livenessProbe: { every: 1 } }),
      "/livenessProbe/every: unknown field",
    ],
    ["a number as text", { spec: { backoffLimit: "1" } }, "data/spec/backoffLimit must be integer"],
    ["a text as a number", inContainer({ name: 1 }), "containers/0/name must be string"],
    ["a missing field", { spec: { template: undefined } }, "data/spec must have required property template"],
    ["another choice", { spec: { template: { spec: { restartPolicy: "Sometimes" } } } }, "must be equal to one of"],
  ])("is checked by a validator that refuses %s", (_, change, fault) => {
    const changed = merged(structuredClone(job()), change) as KubernetesObject;
    expect(schemaFaults(changed).join("\n")).toContain(fault);
  });
});

function inContainer(change: object): object {
  return { spec: { template: { spec: { containers: [change] } } } };
}

/** A copy with changes, in lists too. */
function merged(target: unknown, change: object): unknown {
  if (typeof target !== "object" || target === null) return change;
  for (const [key, value] of Object.entries(change)) {
    const isInner = typeof value === "object" && value !== null;
    Reflect.set(target, key, isInner ? merged(Reflect.get(target, key), value) : value);
  }
  return target;
}

describe("a comment", () => {
  const manifests = [
    jobManifest(SETTINGS, OPTIONS),
    jobManifest(SETTINGS, { ...OPTIONS, spoolClaim: "meetbot-spool" }),
    networkPolicyManifest(undefined, 8_080),
    spoolClaimManifest("meetbot-spool", undefined),
    recoveryManifest(SETTINGS, OPTIONS),
  ];

  test.each(manifests.map((manifest) => [manifest.object.kind, manifest] as const))(
    "is about a field that a %s has",
    (_, manifest) => {
      const yaml = toYaml([manifest]).replaceAll(/\n *# /g, " ");
      for (const note of Object.values(manifest.notes)) expect(yaml).toContain(note.replaceAll("\n", " "));
    },
  );
});

describe("a Job's pod", () => {
  const podOf = (change: Partial<typeof OPTIONS> = {}) => {
    const object = jobManifest(SETTINGS, { ...OPTIONS, ...change }).object;
    if (!("spec" in object) || object.spec === undefined || !("template" in object.spec)) throw new TypeError("no Job");
    return object.spec;
  };

  test("meets the restricted Pod Security Standard, with a read-only root file system", () => {
    const { spec } = podOf({ spoolClaim: "meetbot-spool" }).template;
    expect(spec?.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
    expect(spec).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false });
    const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
    expect(containers).toHaveLength(2);
    for (const { securityContext } of containers) {
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
    }
    const kinds = (spec?.volumes ?? []).flatMap((volume) => Object.keys(volume)).filter((key) => key !== "name");
    expect(new Set(kinds)).toEqual(new Set(["persistentVolumeClaim", "emptyDir", "secret"]));
  });

  test("gets more time to end than the worker needs", () => {
    const settings = loadPodSettings(
      { environment: { ...ENVIRONMENT, MEETBOT_SHUTDOWN_GRACE_SECONDS: "60" } },
      OPTIONS,
    );
    const object = jobManifest(settings, OPTIONS).object;
    expect(object).toMatchObject({ spec: { template: { spec: { terminationGracePeriodSeconds: 70 } } } });
  });

  test("may last as long as the longest call, and is unlimited if calls are", () => {
    expect(podOf().activeDeadlineSeconds).toBe(14_400 + 3_600);
    const settings = loadPodSettings(
      { environment: { ...ENVIRONMENT, MEETBOT_AUTO_LEAVE_AFTER_MAX_SECONDS: "0" } },
      OPTIONS,
    );
    expect(jobManifest(settings, OPTIONS).object.spec).not.toHaveProperty("activeDeadlineSeconds");
  });

  test("is followed by another pod only if nothing was recorded, if its spool is lost with it", () => {
    const { podFailurePolicy, template, backoffLimit } = podOf();
    expect(podFailurePolicy?.rules).toEqual([
      { action: "FailJob", onExitCodes: { containerName: "record", operator: "NotIn", values: [2] } },
      { action: "FailJob", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
    ]);
    expect(backoffLimit).toBe(2);
    expect(template.spec).not.toHaveProperty("initContainers");
    expect(template.spec?.volumes?.[0]).toEqual({ name: "spool", emptyDir: { sizeLimit: "4Gi" } });
  });

  test("is followed by a pod that finishes its work, if its spool is kept", () => {
    const { podFailurePolicy, template } = podOf({ spoolClaim: "meetbot-spool" });
    expect(podFailurePolicy?.rules).toEqual([
      { action: "FailJob", onExitCodes: { containerName: "record", operator: "In", values: [1, 3] } },
      { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
    ]);
    expect(template.spec?.volumes?.[0]?.persistentVolumeClaim).toEqual({ claimName: "meetbot-spool" });
  });

  test("trusts the journal's storage only in a volume that nothing but the Jobs writes to", () => {
    const { spec } = podOf({ spoolClaim: "meetbot-spool" }).template;
    expect(spec?.initContainers?.map(({ command }) => command?.join(" "))).toEqual([
      expect.stringContaining("recover --all --journal-storage --except="),
    ]);
    // The worker itself finishes what its own pod left, and its settings are those that the journal was written with.
    expect(podOf().template.spec?.initContainers).toBeUndefined();
    expect(spec?.containers[0]?.args).toEqual(["record"]);
  });

  test("gives the token only to the worker, not to the recovery", () => {
    const { spec } = podOf({ spoolClaim: "meetbot-spool" }).template;
    const names = (container: { env?: { name: string }[] } | undefined) =>
      (container?.env ?? []).map(({ name }) => name);
    expect(names(spec?.containers[0])).toContain("DISCORD_BOT_TOKEN_FILE");
    expect(names(spec?.initContainers?.[0]).filter((name) => name.startsWith("DISCORD_BOT_TOKEN"))).toEqual([]);
  });

  test("has enough memory for the attached files that the worker holds", () => {
    const environment = {
      ...ENVIRONMENT,
      MEETBOT_CHAT_ATTACHMENTS: "download",
      MEETBOT_CHAT_ATTACHMENTS_MAX_FILE_MB: "100",
    };
    const object = jobManifest(loadPodSettings({ environment }, OPTIONS), OPTIONS).object;
    const limits = (spec: unknown) => expect.objectContaining({ limits: spec });
    expect(podOf().template.spec?.containers[0]?.resources).toEqual(limits({ memory: "512Mi" }));
    expect(object).toMatchObject({
      spec: { template: { spec: { containers: [{ resources: { limits: { memory: "703Mi" } } }] } } },
    });
  });
});

test("The network policy covers the pods of the Jobs and of the recovery, and admits connections only to the HTTP port.", () => {
  const { object } = networkPolicyManifest(undefined, 9_090);
  const selected = { "app.kubernetes.io/name": "meetbot-discord" };
  expect(object).toMatchObject({
    spec: { podSelector: { matchLabels: selected }, policyTypes: ["Ingress", "Egress"] },
  });
  expect(Reflect.get(Object(object.spec), "ingress")).toEqual([
    { from: [{ namespaceSelector: {} }], ports: [{ protocol: "TCP", port: 9_090 }] },
  ]);
  expect(job()).toMatchObject({ spec: { template: { metadata: { labels: selected } } } });
  expect(recoveryManifest(SETTINGS, OPTIONS).object).toMatchObject({
    spec: { jobTemplate: { spec: { template: { metadata: { labels: selected } } } } },
  });
});
