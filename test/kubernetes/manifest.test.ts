import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { toJson, toYaml } from "../../src/kubernetes/manifest.ts";
import { networkPolicyManifest, spoolClaimManifest } from "../../src/kubernetes/manifests.ts";

const manifestWith = (texts: string[]) => {
  const object = { apiVersion: "batch/v1", kind: "Job", metadata: { name: "test", finalizers: texts } };
  return { object, about: "about", notes: {} };
};

describe("YAML", () => {
  // Marks, numbers, times and booleans of YAML 1.1 and 1.2.
  const tricky =
    "off|y|no|1e3|E0|e-3|0x1|1:30|012|0o7|0b1|2026-01-01|~|null|TRUE|1_000|.5|+1|=|<<|a: b|#x|- x|&a|*a|!t|.inf|";
  const texts = [...tricky.split("|"), "two\nlines", "tab\t", " led", "💬 <b>", '"', "'", "|", ">", "{", "@", "`", "%"];

  test("round-trips every text", () => {
    const given = fc.oneof(fc.string({ maxLength: 20 }), fc.constantFrom(...texts));
    const keeps = fc.property(fc.array(given, { maxLength: 10 }), (finalizers) => {
      const yaml = toYaml([manifestWith(finalizers)]);
      for (const version of ["1.1", "1.2"] as const) {
        expect(parse(yaml, { version }).metadata.finalizers).toEqual(finalizers);
      }
    });
    fc.assert(keeps, { numRuns: 40, examples: [[texts]] });
  });

  test("has one document per object, with comments and nothing else", () => {
    const manifests = [networkPolicyManifest("calls", 8_080), spoolClaimManifest("spool", "calls")];
    const documents = parseAllDocuments(toYaml(manifests));
    expect(documents.map((document) => document.toJS())).toEqual(manifests.map(({ object }) => object));
    expect(toYaml(manifests)).toContain("  # Names, from the cluster's own servers.\n    - to:");
  });
});

test("as JSON is the object, or a list if there are several", () => {
  const manifests = [networkPolicyManifest("calls", 8_080), spoolClaimManifest("spool", "calls")];
  const [policy] = manifests;
  expect(JSON.parse(toJson(manifests.slice(0, 1)))).toEqual(policy?.object);
  expect(JSON.parse(toJson(manifests))).toMatchObject({ kind: "List", items: manifests.map(({ object }) => object) });
});
