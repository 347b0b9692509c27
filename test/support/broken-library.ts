import { registerHooks } from "node:module";

/**
 * To be loaded before a program (`node --import`): the library that BROKEN_LIBRARY names fails to load, as a native one
 * does that was built for another system.
 */
registerHooks({
  resolve: (specifier, context, next) => {
    if (specifier === process.env.BROKEN_LIBRARY) throw new Error(`${specifier}.node: invalid ELF header`);
    return next(specifier, context);
  },
});
