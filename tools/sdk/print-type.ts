/** The parts of JSON Schema that zod writes, and that say something about a type. */
export interface Schema {
  readonly $ref?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly type?: string | readonly string[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly description?: string;
}

const REFERENCE = "#/components/schemas/";

/**
 * A JSON Schema as a TypeScript type.
 *
 * @param names of the components that the schema refers to, by their names in the document
 * @throws Error if the schema uses something that is not printed
 */
export function printType(schema: Schema, names: Readonly<Record<string, string>>, indent = ""): string {
  const print = (part: Schema): string => printType(part, names, indent);
  const { $ref, anyOf = schema.oneOf, type } = schema;
  if ($ref !== undefined) {
    const name = names[$ref.replace(REFERENCE, "")];
    if (name === undefined) throw new Error(`${$ref} has no name among the SDK's types`);
    return name;
  }
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return union(schema.enum.map((value) => JSON.stringify(value)));
  if (anyOf !== undefined) return union(anyOf.map(print));
  if (typeof type !== "string" && type !== undefined)
    return union(type.map((each) => print({ ...schema, type: each })));
  switch (type) {
    case "object":
      return printObject(schema, names, indent);
    case "array": {
      const { items = {} } = schema;
      const isUnion = [items.enum, items.anyOf, items.oneOf, items.type].some(Array.isArray);
      return isUnion ? `(${print(items)})[]` : `${print(items)}[]`;
    }
    case "integer":
      return "number";
    case "string":
    case "number":
    case "boolean":
    case "null":
      return type;
    case undefined:
      return "unknown";
    default:
      throw new Error(`no TypeScript type is known for the JSON Schema type ${type}`);
  }
}

function union(types: readonly string[]): string {
  return [...new Set(types)].join(" | ");
}

function printObject(
  { properties = {}, required = [], additionalProperties: more = false }: Schema,
  names: Readonly<Record<string, string>>,
  indent: string,
): string {
  const inner = `${indent}  `;
  const fields = Object.entries(properties).flatMap(([name, field]) => {
    const isRequired = required.includes(name);
    const key = /^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name);
    const type = printType(field, names, inner);
    const line = isRequired ? `${key}: ${type};` : `${key}?: ${type === "unknown" ? type : `${type} | undefined`};`;
    return [...printComment(field.description, inner), `${inner}${line}`];
  });
  const rest = more === false ? [] : [`${inner}[key: string]: ${restType(more, fields.length > 0, names, inner)};`];
  const lines = [...fields, ...rest];
  return lines.length === 0 ? "Record<string, never>" : `{\n${lines.join("\n")}\n${indent}}`;
}

/** An index signature also has to fit the named fields, which may be absent. */
function restType(
  more: true | Schema,
  isMixed: boolean,
  names: Readonly<Record<string, string>>,
  indent: string,
): string {
  const type = more === true ? "unknown" : printType(more, names, indent);
  return isMixed && type !== "unknown" ? `${type} | undefined` : type;
}

function printComment(text: string | undefined, indent: string): string[] {
  return text === undefined ? [] : [`${indent}/** ${text.replaceAll("*/", "* /")} */`];
}

/** A named type, exported. */
export function printNamed(name: string, schema: Schema, names: Readonly<Record<string, string>>): string {
  return [...printComment(schema.description, ""), `export type ${name} = ${printType(schema, names)};`].join("\n");
}
