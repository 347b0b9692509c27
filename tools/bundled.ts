/** Packages with native code. They cannot be in the bundle, so they are all that an installation brings. */
export const NATIVE_PACKAGES: readonly string[] = ["@snazzah/davey", "sodium-native"];

/** Optional packages of other packages. */
export const OPTIONAL_PACKAGES: readonly string[] = [
  ...["@discordjs/opus", "node-opus", "opusscript", "ffmpeg-static"],
  ...["zlib-sync", "bufferutil", "utf-8-validate"],
];
