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
  const code = new URLSearchParams(search).get("login")?.trim().toUpperCase();
  return code !== undefined && /^[0-9A-Z]{4}-[0-9A-Z]{4}$/.test(code) ? code : undefined;
}
