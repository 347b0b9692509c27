import davey from "@snazzah/davey";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addProposal,
  appendProposals,
  ExternalSender,
  groupIdOf,
  parseCommitWelcome,
  userOfKeyPackage,
} from "../../../src/loopback/dave/mls.ts";

/** davey.MediaType.AUDIO, which its types declare in a way that cannot be imported. */
const AUDIO = 0;
const CHANNEL_ID = "100000000000000002";
const ALICE = "200000000000000001";
const BOB = "200000000000000002";

/** Alice, asked to add Bob, commits: the bytes of op 28 as a client sends them. */
function commitOfAlice() {
  const sender = new ExternalSender();
  const alice = new davey.DAVESession(1, ALICE, CHANNEL_ID);
  const bob = new davey.DAVESession(1, BOB, CHANNEL_ID);
  for (const session of [alice, bob]) session.setExternalSender(sender.package);
  const proposal = sender.propose(groupIdOf(CHANNEL_ID), 0n, addProposal(bob.getSerializedKeyPackage()));
  const payload = appendProposals([proposal]);
  const { commit, welcome } = alice.processProposals(payload.readUInt8(0), payload.subarray(1), [BOB]);
  if (commit === undefined || welcome === undefined) throw new Error("davey did not commit the proposal");
  return { alice, bob, proposal, commit, welcome };
}

describe("the external sender", () => {
  it("makes proposals that davey accepts, commits and identifies by the same reference", () => {
    const { proposal, commit, welcome } = commitOfAlice();
    const parsed = parseCommitWelcome(Buffer.concat([commit, welcome]));
    expect(parsed).toEqual({
      commit,
      welcome,
      groupId: groupIdOf(CHANNEL_ID),
      epoch: 0n,
      references: [proposal.reference],
    });
  });

  it("leads to a group whose members hear each other", () => {
    const { alice, bob, commit, welcome } = commitOfAlice();
    alice.processCommit(commit);
    bob.processWelcome(welcome);
    const said = Buffer.from("f8000102030405", "hex");
    expect(bob.decrypt(ALICE, AUDIO, alice.encryptOpus(said))).toEqual(said);
  });
});

describe("parseCommitWelcome", () => {
  it("finds no welcome if the payload ends with the commit", () => {
    const { commit } = commitOfAlice();
    expect(parseCommitWelcome(commit)?.welcome).toBeUndefined();
  });

  it("returns undefined for every truncated commit", () => {
    const { commit } = commitOfAlice();
    for (let length = 0; length < commit.length; length += 1) {
      expect(parseCommitWelcome(commit.subarray(0, length))).toBeUndefined();
    }
  });

  it("never throws on foreign bytes", () => {
    const { commit } = commitOfAlice();
    fc.assert(
      fc.property(fc.nat(commit.length - 1), fc.integer({ min: 0, max: 255 }), (offset, byte) => {
        const changed = Buffer.from(commit);
        changed[offset] = byte;
        parseCommitWelcome(changed);
        parseCommitWelcome(changed.subarray(offset));
        userOfKeyPackage(changed);
      }),
    );
  });
});

describe("userOfKeyPackage", () => {
  it("returns the owner of the key package", () => {
    const session = new davey.DAVESession(1, ALICE, CHANNEL_ID);
    expect(userOfKeyPackage(session.getSerializedKeyPackage())).toBe(ALICE);
  });

  it("returns undefined for a key package that is cut or followed by extra bytes", () => {
    const keyPackage = new davey.DAVESession(1, ALICE, CHANNEL_ID).getSerializedKeyPackage();
    expect(userOfKeyPackage(keyPackage.subarray(0, -1))).toBeUndefined();
    expect(userOfKeyPackage(Buffer.concat([keyPackage, Buffer.alloc(1)]))).toBeUndefined();
  });
});
