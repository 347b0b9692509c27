import { FormData } from "undici";

/**
 * Imported before @discordjs/rest, which looks whether `FormData` is there. Node would answer by loading the HTTP
 * client that is built into it, next to the same client that @discordjs/rest brings: 2 MB that nothing uses.
 *
 * It has to be deleted first: Node loads its own also if the name is only assigned.
 */
Reflect.deleteProperty(globalThis, "FormData");
Object.defineProperty(globalThis, "FormData", { value: FormData, configurable: true, writable: true });
