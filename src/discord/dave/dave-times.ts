/**
 * How long a change of keys may take. Discord's own library gives keys that were replaced, and frames in the clear after
 * an upgrade, 10 s (libdave, `kCryptorExpiry` and `kDefaultTransitionDuration`): nothing later can be opened by anybody.
 */
export const TRANSITION_MS = 10_000;
