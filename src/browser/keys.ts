import { element } from "./dom.ts";

export interface KeyAction {
  /** As `KeyboardEvent.key` has them. */
  readonly keys: readonly string[];
  /** As a person reads them. */
  readonly shown: string;
  readonly meaning: string;
  readonly act: () => void;
}

/** Controls that have a use of their own for a key keep it. */
const OWN_KEYS: readonly (readonly [selector: string, keys: RegExp])[] = [
  ["button, summary, input[type=checkbox]", /^( |Enter)$/],
  ["input[type=range]", /^(Arrow.*|Home|End|Page.*)$/],
  ["[role=region]", /^(Arrow(Up|Down)|Home|End|Page.*)$/],
];

export function listenToKeys(actions: readonly KeyAction[]): void {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || isTaken(event)) return;
    const action = actions.find(({ keys }) => keys.includes(event.key));
    if (action === undefined) return;
    event.preventDefault();
    action.act();
  });
}

function isTaken({ target, key }: KeyboardEvent): boolean {
  return target instanceof Element && OWN_KEYS.some(([selector, keys]) => target.matches(selector) && keys.test(key));
}

/** The list of keys, folded away. */
export function keysInWords(actions: readonly KeyAction[]): HTMLElement {
  const rows = actions.map(({ shown, meaning }) =>
    element("div", {}, element("dt", {}, element("kbd", {}, shown)), element("dd", {}, meaning)),
  );
  return element("details", { class: "keys" }, element("summary", {}, "Keyboard"), element("dl", {}, ...rows));
}
