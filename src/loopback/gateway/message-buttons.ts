/** Buttons under messages. */

import * as z from "zod";
import type { Json } from "../json.ts";

/** https://discord.com/developers/docs/components/reference */
const ACTION_ROW = 1;
const BUTTON = 2;
/** The styles of buttons with an id; the fifth style, for links, has none. */
const BUTTON_STYLES = 4;

const button = z.strictObject({
  type: z.literal(BUTTON),
  style: z.number().int().min(1).max(BUTTON_STYLES),
  label: z.string().min(1).max(80),
  custom_id: z.string().min(1).max(100),
  disabled: z.boolean().optional(),
});
export const components = z
  .array(z.strictObject({ type: z.literal(ACTION_ROW), components: z.array(button).min(1).max(5) }))
  .max(5);
/** The buttons of a message that was posted here. */
export function buttonsOf(rows: readonly Json[]): readonly { readonly label: string; readonly customId: string }[] {
  return components
    .parse(rows)
    .flatMap((row) => row.components.map(({ label, custom_id: customId }) => ({ label, customId })));
}
