import type { NamedFile } from "./manifest-files.ts";

/** A manifest as it is stored, and the files that it names. */
export interface OpenManifest {
  readonly bytes: Buffer;
  readonly json: Readonly<Record<string, unknown>>;
  readonly files: readonly NamedFile[];
}

/** A client that downloads a recording asks for one file after the other. */
const KEPT = 3;
const KEPT_MS = 30_000;
/** Larger ones are read again each time, so that the memory for these stays small. */
const MAX_KEPT_BYTES = 2_000_000;

/** The manifests that were read last. A stored manifest never changes until it is deleted. */
export class RecentManifests {
  readonly #kept = new Map<string, { readonly manifest: OpenManifest; readonly until: number }>();

  /** @param now epoch milliseconds */
  get(jobId: string, now: number): OpenManifest | undefined {
    const kept = this.#kept.get(jobId);
    return kept !== undefined && now < kept.until && now >= kept.until - KEPT_MS ? kept.manifest : undefined;
  }

  keep(jobId: string, manifest: OpenManifest, now: number): void {
    this.forget(jobId);
    if (manifest.bytes.length > MAX_KEPT_BYTES) return;
    this.#kept.set(jobId, { manifest, until: now + KEPT_MS });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT && oldest !== undefined) this.#kept.delete(oldest);
  }

  forget(jobId: string): void {
    this.#kept.delete(jobId);
  }
}
