import type { V1CronJob, V1Job, V1NetworkPolicy, V1PersistentVolumeClaim } from "@kubernetes/client-node";
import { Document, isMap, isNode, isScalar, Scalar, visit } from "yaml";

/** An object to apply, with comments. */
export interface Manifest {
  readonly object: V1CronJob | V1Job | V1NetworkPolicy | V1PersistentVolumeClaim;
  /** The comment above it in YAML. */
  readonly about: string;
  /** Comments above fields, by the field's path with dots. Comments for missing fields are left out. */
  readonly notes: Readonly<Record<string, string>>;
}

/**
 * Text that needs no quotes in YAML 1.1 or 1.2: not a number, time or special character, and not a boolean of 1.1. The
 * package `yaml` reads `E0` as a number.
 */
const PLAIN_TEXT = /^(?!(?:y|n|yes|no|on|off|true|false|null|e-?\d+)$)[a-z/][\w./:-]*$/i;

/** Objects as kubectl takes them, with their comments. */
export function toYaml(manifests: readonly Manifest[]): string {
  return manifests
    .map(({ object, about, notes }) => {
      const document = new Document(object, { aliasDuplicateObjects: false });
      quoteTexts(document);
      document.commentBefore = asComment(about);
      for (const [path, note] of Object.entries(notes)) addNote(document, path.split("."), note);
      return document.toString({ lineWidth: 0 });
    })
    .join("---\n");
}

/** Objects as kubectl takes them: one object, or a list. */
export function toJson(manifests: readonly Manifest[]): string {
  const objects = manifests.map(({ object }) => object);
  const [only] = objects;
  const content = objects.length === 1 ? only : { apiVersion: "v1", kind: "List", items: objects };
  return `${JSON.stringify(content, null, 2)}\n`;
}

function quoteTexts(document: Document): void {
  visit(document, {
    Scalar: (key, scalar) => {
      const { value } = scalar;
      if (key !== "key" && typeof value === "string" && !PLAIN_TEXT.test(value)) scalar.type = Scalar.QUOTE_DOUBLE;
    },
  });
}

function addNote(document: Document, path: readonly string[], note: string): void {
  const parent = document.getIn(path.slice(0, -1), true);
  const place = isMap(parent)
    ? parent.items.map(({ key }) => key).find((key) => isScalar(key) && key.value === path.at(-1))
    : document.getIn(path, true);
  if (isNode(place)) place.commentBefore = asComment(note);
}

/** Lines of a comment; the YAML library adds the sign in front of each. */
function asComment(text: string): string {
  return text.replaceAll(/^/gm, " ");
}
