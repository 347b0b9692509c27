import * as z from "zod";
import { SETTINGS } from "../../../settings/settings.ts";
import type { Setting } from "../../../settings/table/setting.ts";
import { OPEN_KEYS } from "../../domain/worker-settings.ts";
import { fields } from "./fields.ts";

/** The worker's own settings that a request may hold, by their keys in a configuration file. */
export const recordingSettings = fields(
  Object.fromEntries(
    SETTINGS.filter(({ key }) => OPEN_KEYS.has(key)).map((row) => [row.key, settingField(row).optional()]),
  ),
);

/** The setting's own schema checks the value, and its own text explains it. */
function settingField({ type, meaning }: Setting) {
  // A number may also come as a text, as in the environment. The document shows the range at the number.
  const options = { unrepresentable: "any" } as const;
  const { $schema: _output, ...asRead } = z.toJSONSchema(type.schema, { io: "output", ...options });
  const { $schema: _input, ...asGiven } = z.toJSONSchema(type.schema, { io: "input", ...options });
  const described = asRead.type === "integer" ? asRead : asGiven;
  return z
    .unknown()
    .superRefine((value, context) => {
      if (type.schema.safeParse(value).success) return;
      context.addIssue({ code: "custom", message: `expected ${type.accepts}` });
    })
    .meta({ ...described, description: meaning });
}
