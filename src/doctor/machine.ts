import { InputError, messageOf } from "../errors.ts";
import { nativeOpus } from "../opus/decoder.ts";
import type { NativeOpus } from "../opus/native-opus.ts";
import { type CheckResult, failedBy, ok, warn } from "../session/doctor-check.ts";

/** An older Node than the worker needs does not get here: the program's first lines refuse it. */
export function checkNode(version: string): CheckResult {
  return ok("node", version);
}

/** The libraries that a job needs, each with a description of the loaded version. */
const LIBRARIES: Readonly<Record<string, () => Promise<string>>> = {
  "@discordjs/voice": async () => (await import("@discordjs/voice")).version,
  "@snazzah/davey": async () => {
    const { VERSION, DAVE_PROTOCOL_VERSION } = await import("@snazzah/davey");
    return `${VERSION}, DAVE protocol ${DAVE_PROTOCOL_VERSION}`;
  },
  "sodium-native": async () => {
    const { default: sodium } = await import("sodium-native");
    return `loaded, with keys of ${sodium.crypto_aead_xchacha20poly1305_ietf_KEYBYTES} bytes`;
  },
};

/** Loads each library, which detects native modules built for another system. */
export async function checkLibraries(libraries = LIBRARIES): Promise<CheckResult[]> {
  return await Promise.all(
    Object.entries(libraries).map(async ([name, load]) => {
      try {
        return ok(name, await load());
      } catch (error) {
        const fix = "install it again on this machine, with this Node (npm ci in a checkout)";
        return failedBy(name, new InputError(`it cannot be loaded: ${messageOf(error)}`), fix);
      }
    }),
  );
}

/** Which decoder `export`, `report` and the level meter use. A job can do without @discordjs/opus. */
export function checkOpusDecoder(native: NativeOpus = nativeOpus()): CheckResult {
  const name = "opus decoder";
  switch (native.kind) {
    case "loaded":
      return ok(name, `@discordjs/opus ${native.version}`);
    case "absent":
      return ok(name, "libopus in WebAssembly (@discordjs/opus would be faster, and is not installed)");
    case "broken":
      return warn(
        name,
        `libopus in WebAssembly, because @discordjs/opus cannot be loaded: ${native.reason}`,
        "run npm rebuild @discordjs/opus with this Node, or npm uninstall --no-save @discordjs/opus",
      );
  }
}
