import { MeetbotInputError } from "./errors.ts";
import type { Manifest } from "./types.ts";

/**
 * Reads `manifest.json`. Fields that a version of the recorder did not know yet are missing, as the type says.
 *
 * @param source the file's text, its bytes, or what `JSON.parse` made of it
 * @throws MeetbotInputError if this version cannot read it as a manifest
 */
export function readManifest(source: string | Uint8Array | object): Manifest {
  const value: unknown = typeof source === "string" || source instanceof Uint8Array ? parsed(source) : source;
  if (typeof value !== "object" || value === null) throw new MeetbotInputError("manifest: expected a JSON object");
  const { schemaVersion, platform, jobId, tracks, participants } = value as Partial<Manifest>;
  if (schemaVersion !== 1) {
    throw new MeetbotInputError(
      "manifest.schemaVersion: expected 1; a newer manifest needs a newer version of this package",
    );
  }
  if (platform !== "discord") throw new MeetbotInputError('manifest.platform: expected "discord"');
  if (typeof jobId !== "string") throw new MeetbotInputError("manifest.jobId: expected a text");
  if (!Array.isArray(tracks)) throw new MeetbotInputError("manifest.tracks: expected a list");
  if (!Array.isArray(participants)) throw new MeetbotInputError("manifest.participants: expected a list");
  return value as Manifest;
}

function parsed(source: string | Uint8Array): unknown {
  try {
    return JSON.parse(typeof source === "string" ? source : new TextDecoder().decode(source));
  } catch {
    throw new MeetbotInputError("manifest: expected valid JSON");
  }
}
