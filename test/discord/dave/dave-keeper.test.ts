import { randomBytes } from "node:crypto";
import { DAVESession } from "@discordjs/voice";
import davey from "@snazzah/davey";
import { afterEach, describe, expect, it, vi } from "vitest";
import { DaveKeeper, type KeyEvent } from "../../../src/discord/dave/dave-keeper.ts";
import { findSender, openFrame } from "../../../src/discord/dave/open-frame.ts";
import {
  addProposal,
  appendProposals,
  ExternalSender,
  groupIdOf,
  parseCommitWelcome,
  removeProposal,
} from "../../../src/loopback/dave/mls.ts";

const CHANNEL_ID = "100000000000000002";
const [US, ALICE, BOB] = ["200000000000000001", "200000000000000002", "200000000000000003"] as const;
const FORMER_KEYS_MS = 10_000;
const opus = Buffer.concat([Buffer.of(0xf8, 1), randomBytes(60)]);

afterEach(() => {
  vi.useRealTimers();
});

/** The library's wrapper with a keeper around it, and a voice server that proposes what a test asks for. */
function call() {
  const server = new ExternalSender();
  const groupId = groupIdOf(CHANNEL_ID);
  const dave = new DAVESession(1, US, CHANNEL_ID, {});
  const keyPackages: Buffer[] = [];
  const invalidated: number[] = [];
  dave.on("keyPackage", (keyPackage) => keyPackages.push(keyPackage));
  dave.on("invalidateTransition", (id) => invalidated.push(id));
  const events: KeyEvent[] = [];
  dave.reinit();
  const keeper = new DaveKeeper(dave, (event) => events.push(event));
  dave.setExternalSender(server.package);

  const member = (userId: string): davey.DAVESession => {
    const session = new davey.DAVESession(1, userId, CHANNEL_ID);
    session.setExternalSender(server.package);
    return session;
  };
  const add = (session: davey.DAVESession, epoch: bigint) =>
    server.propose(groupId, epoch, addProposal(session.getSerializedKeyPackage()));
  const remove = (leaf: number, epoch: bigint) => server.propose(groupId, epoch, removeProposal(leaf));
  const connected = new Set([ALICE, BOB]);
  /** Op 27. @returns our op 28 */
  const propose = (...proposals: Parameters<typeof appendProposals>[0]) =>
    dave.processProposals(appendProposals(proposals), connected);
  /** Op 29 with what we committed. @returns for whom it adds: the Welcome */
  const commit = (answer: Buffer | undefined, transitionId: number): Buffer => {
    const parts = parseCommitWelcome(answer ?? Buffer.alloc(0));
    if (parts?.welcome === undefined) throw new Error("there is no commit with a Welcome");
    dave.processCommit(withId(transitionId, parts.commit));
    return parts.welcome;
  };
  /** A group of us and Alice, in epoch 1. */
  const withAlice = (): davey.DAVESession => {
    const alice = member(ALICE);
    alice.processWelcome(commit(propose(add(alice, 0n)), 0));
    events.length = 0;
    return alice;
  };
  const opens = (session: davey.DAVESession, userId: string) => openFrame(keeper, userId, session.encryptOpus(opus));
  return {
    dave,
    keeper,
    events,
    keyPackages,
    invalidated,
    server,
    member,
    add,
    remove,
    propose,
    commit,
    withAlice,
    opens,
  };
}

function withId(transitionId: number, message: Buffer): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(transitionId);
  return Buffer.concat([head, message]);
}

/** The beginning of a commit's MLSMessage (RFC 9420 §6). */
function commitHead(groupId: bigint, epoch: bigint): Buffer {
  const head = Buffer.from([0, 1, 0, 1, 8, ...Buffer.alloc(16)]);
  head.writeBigUInt64BE(groupId, 5);
  head.writeBigUInt64BE(epoch, 13);
  return head;
}

const opened = { kind: "opened", opus };
const ignored = (opcode: number) => ({ kind: "ignored", opcode, reason: expect.any(String) });

describe("the keys of a call", () => {
  it("are ready after our own commit, and transition 0 is executed at once", () => {
    const { dave, keeper, events, member, add, propose, commit, opens } = call();
    const alice = member(ALICE);
    alice.processWelcome(commit(propose(add(alice, 0n)), 0));
    expect(events).toEqual([
      { kind: "commit", transitionId: 0, epoch: 1n },
      { kind: "execute_transition", transitionId: 0, wasPending: true },
    ]);
    expect(opens(alice, ALICE)).toEqual(opened);
    expect([keeper.session?.ready, keeper.protocolVersion, dave.lastTransitionId]).toEqual([true, 1, 0]);
  });

  it("are ready after a Welcome, and wait for the transition", () => {
    const { dave, events, member, server, keyPackages, opens } = call();
    const alice = member(ALICE);
    const proposal = server.propose(groupIdOf(CHANNEL_ID), 0n, addProposal(keyPackages[0] ?? Buffer.alloc(0)));
    const { welcome, commit } = alice.processProposals(0, appendProposals([proposal]).subarray(1));
    if (welcome === undefined || commit === undefined) throw new Error("Alice did not commit");
    alice.processCommit(commit);
    expect(dave.processWelcome(withId(7, welcome))).toEqual({ transitionId: 7, success: true });
    expect(dave.executeTransition(7)).toBe(true);
    expect(dave.executeTransition(7)).toBe(false);
    expect(dave.executeTransition(900)).toBe(false);
    expect(events).toEqual([
      { kind: "welcome", transitionId: 7, epoch: 1n },
      { kind: "execute_transition", transitionId: 7, wasPending: true },
      { kind: "execute_transition", transitionId: 7, wasPending: false },
      { kind: "execute_transition", transitionId: 900, wasPending: false },
    ]);
    expect(opens(alice, ALICE)).toEqual(opened);
    // Again, because Discord's own library ignores it.
    expect(dave.processWelcome(withId(8, welcome)).success).toBe(false);
    expect(events.at(-1)).toEqual(ignored(30));
    expect(opens(alice, ALICE)).toEqual(opened);
  });

  it("of a group that was left open frames until 10 s after the next group's keys are ready", () => {
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    const { dave, keeper, events, keyPackages, withAlice, member, add, propose, commit, opens } = call();
    const before = withAlice();
    dave.prepareEpoch({ protocol_version: 1, epoch: 1 });
    expect(events).toEqual([{ kind: "prepare_epoch", protocolVersion: 1, epoch: 1 }]);
    expect(keyPackages).toHaveLength(2);
    expect([keeper.session?.ready, keeper.former.length]).toEqual([false, 1]);
    expect(opens(before, ALICE)).toEqual(opened);
    vi.advanceTimersByTime(60_000);
    expect(opens(before, ALICE)).toEqual(opened);
    // The new davey session knows the external sender, though op 25 does not come again.
    const after = member(ALICE);
    after.processWelcome(commit(propose(add(after, 0n)), 3));
    vi.advanceTimersByTime(FORMER_KEYS_MS - 1);
    expect([opens(before, ALICE), opens(after, ALICE)]).toEqual([opened, opened]);
    expect(findSender(keeper, before.encryptOpus(opus), [BOB, ALICE])).toEqual({ userId: ALICE, opus });
    vi.advanceTimersByTime(1);
    expect(keeper.former).toEqual([]);
    expect(opens(before, ALICE)).toEqual({ kind: "refused" });
    expect(opens(after, ALICE)).toEqual(opened);
  });

  it("are kept for at most four groups, and for none that had no keys", () => {
    const { dave, keeper, withAlice } = call();
    for (let round = 0; round < 6; round += 1) {
      withAlice();
      dave.prepareEpoch({ protocol_version: 1, epoch: 1 });
      dave.prepareEpoch({ protocol_version: 1, epoch: 1 });
    }
    expect(keeper.former).toHaveLength(4);
  });

  it("are kept if davey cannot begin a new group", () => {
    const { dave, keeper, withAlice, opens } = call();
    const alice = withAlice();
    dave.channelId = "no id";
    expect(() => dave.prepareEpoch({ protocol_version: 1, epoch: 1 })).toThrow();
    expect(keeper.session?.ready).toBe(true);
    expect(opens(alice, ALICE)).toEqual(opened);
  });
});

describe("an announced transition", () => {
  it("is an event before the library executes it, if it is transition 0, and lets its version through", () => {
    const { dave, events, withAlice, keeper } = call();
    withAlice();
    expect(dave.prepareTransition({ protocol_version: 1, transition_id: 5 })).toBe(true);
    expect(dave.prepareTransition({ protocol_version: 0, transition_id: 0 })).toBe(false);
    expect(events).toEqual([
      { kind: "prepare_transition", transitionId: 5, protocolVersion: 1 },
      { kind: "prepare_transition", transitionId: 0, protocolVersion: 0 },
      { kind: "execute_transition", transitionId: 0, wasPending: true },
    ]);
    expect(keeper.protocolVersion).toBe(0);
  });

  it("to version 0 leaves nothing to keep when a group begins", () => {
    const { dave, keeper, withAlice, keyPackages } = call();
    withAlice();
    dave.prepareTransition({ protocol_version: 0, transition_id: 0 });
    const { session } = keeper;
    dave.reinit();
    expect([keeper.session === session, keeper.former, keyPackages.length]).toEqual([true, [], 1]);
  });
});

describe("leaving the group ourselves", () => {
  it("is done with the id of the last transition, and once until the group is joined again if the library does it", () => {
    const { dave, keeper, events, member, add, propose, commit } = call();
    const alice = member(ALICE);
    alice.processWelcome(commit(propose(add(alice, 0n)), 6));
    dave.executeTransition(6);
    events.length = 0;
    keeper.leaveGroup();
    dave.recoverFromInvalidTransition(7);
    expect(events).toEqual([{ kind: "left_group", transitionId: 6 }]);
  });

  it("is an event, keeps the keys, asks to be added again, and can be repeated", () => {
    const { keeper, events, keyPackages, invalidated, withAlice, opens } = call();
    const alice = withAlice();
    keeper.leaveGroup();
    keeper.leaveGroup();
    expect(events).toEqual([
      { kind: "left_group", transitionId: 0 },
      { kind: "left_group", transitionId: 0 },
    ]);
    expect([invalidated, keyPackages.length]).toEqual([[0, 0], 3]);
    expect(opens(alice, ALICE)).toEqual(opened);
  });

  it("is done after a commit that davey cannot process", () => {
    const { dave, events, withAlice, invalidated } = call();
    withAlice();
    expect(dave.processCommit(withId(5, randomBytes(300)))).toEqual({ transitionId: 5, success: false });
    expect(events).toEqual([{ kind: "left_group", transitionId: 5 }]);
    expect(invalidated).toEqual([5]);
  });
});

describe("a message that Discord's own library ignores", () => {
  it("has its own event, `ignored`, and changes no key", () => {
    const { dave, keeper, events, server, withAlice, invalidated, opens } = call();
    const alice = withAlice();
    const { session } = keeper;
    dave.setExternalSender(server.package);
    dave.setExternalSender(randomBytes(80));
    expect(session?.ready).toBe(true);
    for (const payload of [randomBytes(200), Buffer.of(0), Buffer.of(7, 0), Buffer.alloc(0)]) {
      expect(dave.processProposals(payload, new Set())).toBeUndefined();
    }
    dave.prepareEpoch({ protocol_version: 2, epoch: 1 });
    expect(dave.prepareTransition({ protocol_version: 2, transition_id: 4 })).toBe(false);
    expect([...new Set(events.map(({ kind }) => kind))]).toEqual(["ignored"]);
    expect(events.map((event) => event.kind === "ignored" && event.opcode)).toEqual([25, 25, 27, 27, 27, 27, 24, 21]);
    expect([invalidated, keeper.session === session]).toEqual([[], true]);
    expect(opens(alice, ALICE)).toEqual(opened);
  });

  it("says why", () => {
    const { dave, events, withAlice } = call();
    const idle = call();
    idle.dave.session = undefined;
    expect(idle.propose(idle.server.propose(groupIdOf(CHANNEL_ID), 0n, removeProposal(0)))).toBeUndefined();
    expect(idle.events).toEqual([{ kind: "ignored", opcode: 27, reason: "there is no group" }]);
    withAlice();
    expect(dave.processWelcome(withId(8, Buffer.alloc(4)))).toEqual({ transitionId: 8, success: false });
    dave.prepareEpoch({ protocol_version: 7, epoch: 1 });
    const [foreign, past] = [commitHead(1n, 9n), commitHead(BigInt(CHANNEL_ID), 0n)];
    for (const head of [foreign, past]) expect(dave.processCommit(withId(9, head)).transitionId).toBe(9);
    expect(events).toEqual([
      { kind: "ignored", opcode: 30, reason: "we are in the group already" },
      { kind: "ignored", opcode: 24, reason: "DAVE protocol version 7 is unknown" },
      { kind: "ignored", opcode: 29, reason: "a commit of another group" },
      { kind: "ignored", opcode: 29, reason: "a commit of epoch 0, which is over" },
    ]);
  });

  it.each([
    ["of our epoch", commitHead(BigInt(CHANNEL_ID), 1n)],
    ["that is one byte short of its epoch", commitHead(1n, 0n).subarray(0, -1)],
    ["of another form", Buffer.concat([Buffer.of(7), commitHead(1n, 0n)])],
  ])("does not include a commit %s, which davey refuses", (_, message) => {
    const { dave, events, withAlice, invalidated } = call();
    withAlice();
    expect(dave.processCommit(withId(5, message)).success).toBe(false);
    expect(events).toEqual([{ kind: "left_group", transitionId: 5 }]);
    expect(invalidated).toEqual([5]);
  });

  it("does not include a commit of a past epoch while we are in no group", () => {
    const { dave, events } = call();
    expect(dave.processCommit(withId(5, commitHead(BigInt(CHANNEL_ID), 0n))).success).toBe(false);
    expect(events).toEqual([{ kind: "left_group", transitionId: 5 }]);
  });

  it("includes a commit of a past epoch or of another group", () => {
    const { dave, events, add, member, propose, commit, withAlice, opens, keeper } = call();
    const alice = withAlice();
    const proposal = add(member(BOB), 1n);
    const answer = propose(proposal);
    alice.processProposals(0, appendProposals([proposal]).subarray(1));
    const parts = parseCommitWelcome(answer ?? Buffer.alloc(0));
    if (parts === undefined) throw new Error("there is no commit");
    alice.processCommit(parts.commit);
    commit(answer, 9);
    const foreign = Buffer.from(parts.commit);
    foreign.writeUInt8(foreign.readUInt8(12) ^ 1, 12);
    for (const message of [parts.commit, foreign]) {
      expect(dave.processCommit(withId(10, message)).success).toBe(false);
    }
    expect(events).toEqual([{ kind: "commit", transitionId: 9, epoch: 2n }, ignored(29), ignored(29)]);
    expect(keeper.session?.epoch).toBe(2n);
    expect(opens(alice, ALICE)).toEqual(opened);
  });
});

describe("our own commit", () => {
  it("has a Welcome if one message adds a person and the next removes a person", () => {
    const { add, remove, member, propose, commit, withAlice, opens, keeper } = call();
    withAlice();
    const bob = member(BOB);
    expect(propose(add(bob, 1n))).toBeDefined();
    const both = propose(remove(1, 1n));
    expect(parseCommitWelcome(both ?? Buffer.alloc(0))?.references).toHaveLength(2);
    bob.processWelcome(commit(both, 4));
    expect(keeper.session?.getUserIds()).toEqual([US, BOB]);
    expect(opens(bob, BOB)).toEqual(opened);
  });

  it("has none if it only removes a person, even after an epoch in which a person was added", () => {
    const { add, remove, member, propose, commit, withAlice } = call();
    withAlice();
    const bob = member(BOB);
    const answer = propose(add(bob, 1n));
    bob.processWelcome(commit(answer, 4));
    const removal = parseCommitWelcome(propose(remove(1, 2n)) ?? Buffer.alloc(0));
    expect(removal).toMatchObject({ welcome: undefined, epoch: 2n });
    expect(removal?.references).toHaveLength(1);
  });
});
