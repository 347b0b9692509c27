import type { FastifyInstance } from "fastify";

/** Methods of each address, for the Allow header of a 405 (RFC 9110 §15.5.6). */
export class AllowedMethods {
  readonly #routes: { readonly method: string; readonly pattern: RegExp }[] = [];

  /** Learns every route that is added from now on. */
  watch(server: FastifyInstance): void {
    server.addHook("onRoute", ({ method, url }) => {
      for (const each of [method].flat()) this.#routes.push({ method: each, pattern: patternOf(url) });
    });
  }

  /** @returns none if there is nothing at the address */
  at(url: string): string[] {
    const [path = ""] = url.split("?", 1);
    return [...new Set(this.#routes.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method))].sort();
  }
}

/** `/jobs/:id` as a pattern; `*` at the end is anything. */
function patternOf(url: string): RegExp {
  const source = url
    .replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&")
    .replaceAll(/:\w+/g, "[^/]+")
    .replaceAll("*", ".*");
  return new RegExp(`^${source}$`);
}
