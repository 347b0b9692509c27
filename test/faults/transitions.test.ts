import { describe, expect, it } from "vitest";
import type { EncryptionMode } from "../../src/loopback/loopback.ts";
import { expectVerified } from "../support/judge.ts";
import { type Change, recordTransition } from "./transitions.ts";

// With every delay and in both modes: npm run transitions.
describe.concurrent("a change of keys whose opcode 22 comes late, while senders continue as before", () => {
  it.each<[Change, number, EncryptionMode]>([
    ["entering", 3_000, "aead_aes256_gcm_rtpsize"],
    ["entering", 1_000, "aead_xchacha20_poly1305_rtpsize"],
    ["upgrade", 5_000, "aead_xchacha20_poly1305_rtpsize"],
    ["downgrade", 1_000, "aead_aes256_gcm_rtpsize"],
    ["new group", 2_000, "aead_aes256_gcm_rtpsize"],
    ["next epoch", 2_000, "aead_xchacha20_poly1305_rtpsize"],
    ["stray opcode 22", 1_000, "aead_aes256_gcm_rtpsize"],
  ])("%s, %i ms late (%s): no packet is lost that a key of the bot's opens", async (change, delayMs, mode) => {
    const { recorded, missing, written, leftGroup, identified } = await recordTransition(change, delayMs, mode);
    expect(recorded).toMatchObject({ exitCode: 0, manifest: { exitReason: "alone_in_room", warnings: [] } });
    expect({ missing, leftGroup, identified }).toEqual({ missing: 0, leftGroup: 0, identified: 1 });
    expect(written).toBeGreaterThan(200);
    // Only what is said before the bot's first keys cannot be opened by anybody.
    const { dave_undecryptable: undecryptable } = recorded.manifest.datagrams.dropped;
    if (change !== "entering")
      expect({ undecryptable, gaps: recorded.manifest.gaps }).toEqual({ undecryptable: 0, gaps: [] });
    await expectVerified(recorded);
  });
});
