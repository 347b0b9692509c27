/** What the page shows, by the fragment of its address. Pure. */
export type Route =
  | { readonly view: "jobs" }
  | { readonly view: "job"; readonly id: string }
  | { readonly view: "new" }
  | { readonly view: "recordings" }
  | { readonly view: "recording"; readonly id: string }
  | { readonly view: "usage" };

export function routeOf(hash: string): Route {
  const [, view = "", id] = /^#\/(jobs|new|recordings|usage)(?:\/([\w.:@=+-]{1,128}))?$/.exec(hash) ?? [];
  if (view === "jobs" && id !== undefined) return { view: "job", id };
  if (view === "recordings") return id === undefined ? { view } : { view: "recording", id };
  return view === "new" || view === "usage" ? { view } : { view: "jobs" };
}

/** The code of a login of a command line, as its address has it: `?login=7KQ2-M9XD`. */
export function loginIn(search: string): string | undefined {
  return typedCode(new URLSearchParams(search).get("login") ?? "");
}

/** A code as somebody types it: in lower case, without the hyphen, or with a letter that looks like a digit. */
export function typedCode(text: string): string | undefined {
  const code = text.toUpperCase().replace(/[\s-]/g, "").replace(/O/g, "0").replace(/[IL]/g, "1");
  return /^[0-9A-Z]{8}$/.test(code) ? `${code.slice(0, 4)}-${code.slice(4)}` : undefined;
}
