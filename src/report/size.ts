/** More is left out unless asked for: a browser has to hold the whole page in memory, and a phone has little. */
export const MAX_EMBEDDED_BYTES = 500_000_000;
