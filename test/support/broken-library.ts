import { registerHooks } from "node:module";

/**
 * To be loaded before a program (`node --import`): the library in BROKEN_LIBRARY fails to load, like a native library
 * for another system.
 */
registerHooks({
  resolve: (specifier, context, next) => {
    if (specifier === process.env.BROKEN_LIBRARY) throw new Error(`${specifier}.node: invalid ELF header`);
    return next(specifier, context);
  },
});
