import { readFile } from "node:fs/promises";
import { Ajv2020, type AnySchemaObject, type ErrorObject } from "ajv/dist/2020.js";
import formats from "ajv-formats";

const SCHEMAS = new URL("../../config/schemas/", import.meta.url);

/**
 * The errors that a JSON Schema library finds in a value, by a schema that ships.
 *
 * @param name of the schema's file, without its ending
 */
export async function faultsBySchema(name: string, values: readonly unknown[]): Promise<ErrorObject[]> {
  const ajv = new Ajv2020({ allErrors: true });
  formats.default(ajv);
  const schema: AnySchemaObject = JSON.parse(await readFile(new URL(`${name}.schema.json`, SCHEMAS), "utf8"));
  const validate = ajv.compile(schema);
  return values.flatMap((value) => (validate(value) ? [] : (validate.errors ?? [])));
}
