import { button, element } from "../dom.ts";

export interface KeyAction {
  /** The values of `KeyboardEvent.key`. */
  readonly keys: readonly string[];
  /** The names for people. */
  readonly shown: string;
  readonly meaning: string;
  readonly act: () => void;
}

/** Controls with their own action for a key keep it; text fields keep all keys. */
const OWN_KEYS: readonly (readonly [selector: string, keys: RegExp])[] = [
  ["input[type=search]", /./],
  ["button, summary, a, input[type=checkbox], select", /^( |Enter)$/],
  ["input[type=range]", /^(Arrow|Page)/],
  // An open select list is searched by letters and digits.
  ["select", /^(Arrow.*|Page.*|Escape|[a-z0-9])$/i],
  ["[role=region], pre", /^(Arrow(Up|Down)|Page.*)$/],
];

export function listenToKeys(actions: readonly KeyAction[]): void {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || isTaken(event)) return;
    const action = actions.find(({ keys }) => keys.includes(event.key));
    if (action === undefined) return;
    event.preventDefault();
    action.act();
  });
}

/** A dialog in front of the page gets all keys. */
function isTaken({ target, key }: KeyboardEvent): boolean {
  if (document.querySelector("dialog[open]") !== null) return true;
  return target instanceof Element && OWN_KEYS.some(([selector, keys]) => target.matches(selector) && keys.test(key));
}

/** The list of keys, in a window that Escape closes. */
export class KeysWindow {
  readonly root = element("dialog", { class: "keys", "aria-labelledby": "keys-heading" });

  /** The actions are known only after their targets have been created. */
  fill(actions: readonly KeyAction[]): void {
    const rows = actions.map(({ shown, meaning }) =>
      element("div", {}, element("dt", {}, element("kbd", {}, shown)), element("dd", {}, meaning)),
    );
    this.root.replaceChildren(
      element(
        "div",
        { class: "bar" },
        element("h2", { id: "keys-heading" }, "Keyboard"),
        button("Close", {}, () => this.root.close(), "Close"),
      ),
      element("dl", {}, ...rows),
    );
  }

  open(): void {
    this.root.showModal();
  }
}
