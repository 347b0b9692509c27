type Child = Node | string | undefined;
type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * Makes an element. Text is always text: nothing here reads markup. An attribute that is false or undefined is left
 * out, one that is true is empty.
 */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/** A stranger's text in its own element, with its own text direction. */
export function strangersText(text: string, className?: string, title?: string): HTMLElement {
  return element("bdi", { class: className, title }, text);
}

export function button(label: string, attributes: Attributes, onClick: () => void, ...children: Child[]) {
  const made = element("button", { type: "button", "aria-label": label, title: label, ...attributes }, ...children);
  made.addEventListener("click", onClick);
  return made;
}
