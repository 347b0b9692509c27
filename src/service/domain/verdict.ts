/**
 * What the launcher knows about a worker that it started. A failed probe is not evidence of an end, so only `gone` ends a
 * job at once.
 */
export type Verdict =
  | { readonly kind: "alive" }
  /** It has ended; `how` is a clause such as "exit code 2". */
  | { readonly kind: "gone"; readonly how: string; readonly exitCode: number | null }
  /** The launcher works and has no trace of the worker; `evidence` says where it looked. */
  | { readonly kind: "untracked"; readonly evidence: string }
  /** The probe failed. */
  | { readonly kind: "unknown"; readonly why: string };

/** A worker that is untracked without a break for this long counts as gone. */
const UNTRACKED_LIMIT_MS = 600_000;

/** What follows from a verdict for the job. */
export type Judgement =
  | { readonly kind: "alive" }
  | { readonly kind: "gone"; readonly how: string; readonly exitCode: number | null }
  | { readonly kind: "wait"; readonly untrackedSince: number | null };

/**
 * Judges a verdict in the light of earlier ones.
 *
 * @param untrackedSince when the launcher first found no trace of the worker; null if the last probe found it
 */
export function judge(verdict: Verdict, untrackedSince: number | null, now: number): Judgement {
  switch (verdict.kind) {
    case "alive":
      return verdict;
    case "gone":
      return verdict;
    case "unknown":
      // A failed probe interrupts the proof that the worker was untracked all the time.
      return { kind: "wait", untrackedSince: null };
    case "untracked": {
      const since = untrackedSince ?? now;
      if (now - since < UNTRACKED_LIMIT_MS) return { kind: "wait", untrackedSince: since };
      const minutes = Math.round((now - since) / 60_000);
      return { kind: "gone", how: `no trace of it for ${minutes} minutes: ${verdict.evidence}`, exitCode: null };
    }
  }
}
