import { consentCommand } from "./consent.ts";
import type { Handlers } from "./request.ts";
import type { RuleParts } from "./rule-parts.ts";
import { addRule, removeRule, switchRule } from "./rules.ts";
import { setRoles, setSettings, showSettings } from "./settings.ts";
import { whyCommand } from "./why.ts";

/** The handlers of `RULE_ROWS`. */
export function rulesCommands(parts: RuleParts): Handlers {
  const consent = consentCommand(parts);
  return {
    commands: {
      ...consent.commands,
      why: whyCommand(parts),
      "settings show": showSettings(parts),
      "settings set": setSettings(parts),
      "settings roles": setRoles(parts),
      "settings add-rule": addRule(parts),
      "settings remove-rule": removeRule(parts),
      "settings switch-rule": switchRule(parts),
    },
    components: consent.components,
    modals: {},
  };
}
