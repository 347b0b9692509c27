import type { Handlers } from "./request.ts";

/** All handlers in one table. */
export function merged(...all: readonly Handlers[]): Handlers {
  return {
    commands: Object.assign({}, ...all.map(({ commands }) => commands)),
    components: Object.assign({}, ...all.map(({ components }) => components)),
    modals: Object.assign({}, ...all.map(({ modals }) => modals)),
  };
}
