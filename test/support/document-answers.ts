import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";

/** The part of an OpenAPI document that describes answers. */
export interface AnswersDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>;
}

interface DocumentedOperation {
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>;
}

/** An answer that a test got. */
interface GivenAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json?: unknown;
}

/** All answers in a document, as `GET /healthz 200`. */
export function promisedAnswers({ paths }: AnswersDocument): string[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, { responses }]) =>
      Object.keys(responses).map((status) => `${method.toUpperCase()} ${path} ${status}`),
    ),
  );
}

/**
 * Compares answers with a document. The validator is not zod, so it shares no mistake with our code.
 *
 * @returns a function that returns what is wrong with an answer, or null
 */
export function answerChecker(document: AnswersDocument) {
  const ajv = new Ajv2020({ strict: true, strictRequired: false, allErrors: true, keywords: ["components"] });
  formats.default(ajv);
  ajv.addVocabulary(["openapi", "info", "paths", "tags"]);
  ajv.addFormat("binary", true);
  ajv.addSchema(document, "document");
  return (method: string, path: string, { status, headers, text, json }: GivenAnswer): unknown => {
    const content = document.paths[path]?.[method.toLowerCase()]?.responses[status]?.content;
    if (content === undefined) return text === "" ? null : "an answer without content was expected";
    const [type = ""] = (headers.get("content-type") ?? "").split(";");
    if (content[type] === undefined) return `${type} is not documented`;
    const pointer = ["paths", path, method.toLowerCase(), "responses", String(status), "content", type, "schema"];
    const escaped = pointer.map((key) => encodeURIComponent(key.replaceAll("~", "~0").replaceAll("/", "~1")));
    const validate = ajv.getSchema(`document#/${escaped.join("/")}`);
    if (validate === undefined) return `no schema for ${method} ${path} ${status}`;
    validate(type === "application/json" ? json : text);
    return validate.errors ?? null;
  };
}
