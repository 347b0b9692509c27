/** Settings of glibc's allocator for low memory use, as in the first line of `src/cli/main.ts` and in the Dockerfile. */
export const ALLOCATOR = { MALLOC_ARENA_MAX: "1", MALLOC_TRIM_THRESHOLD_: "131072" };

/** They say where V8's compiled code is kept, so that a worker starts quickly. */
export const COMPILE_CACHE_VARIABLES: readonly string[] = [
  "XDG_CACHE_HOME",
  "LOCALAPPDATA",
  "NODE_COMPILE_CACHE",
  "NODE_DISABLE_COMPILE_CACHE",
];
