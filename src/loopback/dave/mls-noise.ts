/** Messages of op 27 that clients should ignore: each is wrong in one way, and valid otherwise. */

import { randomBytes } from "node:crypto";
import davey from "@snazzah/davey";
import { createSnowflake } from "../world/snowflake.ts";
import { addProposal, appendProposals, type ExternalSender, removeProposal } from "./mls.ts";

export type ProposalNoise = "unknown_user" | "bad_signature" | "wrong_epoch" | "garbage";

export interface NoiseGroup {
  readonly channelId: string;
  readonly groupId: Buffer;
  readonly epoch: bigint;
  readonly externalSender: ExternalSender;
}

const DAVE_PROTOCOL_VERSION = 1;
const GARBAGE_BYTES = 200;
/** A leaf that every group has. */
const FIRST_LEAF = 0;
const EPOCHS_AHEAD = 7n;

/** @returns the payload of op 27 */
export function noisyProposals(noise: ProposalNoise, group: NoiseGroup): Buffer {
  const { channelId, groupId, epoch, externalSender } = group;
  switch (noise) {
    case "unknown_user": {
      const stranger = new davey.DAVESession(DAVE_PROTOCOL_VERSION, createSnowflake(), channelId);
      return appendProposals([externalSender.propose(groupId, epoch, addProposal(stranger.getSerializedKeyPackage()))]);
    }
    case "bad_signature": {
      const { message, reference } = externalSender.propose(groupId, epoch, removeProposal(FIRST_LEAF));
      const last = message.length - 1;
      message.writeUInt8(message.readUInt8(last) ^ 1, last);
      return appendProposals([{ message, reference }]);
    }
    case "wrong_epoch":
      return appendProposals([externalSender.propose(groupId, epoch + EPOCHS_AHEAD, removeProposal(FIRST_LEAF))]);
    case "garbage":
      return randomBytes(GARBAGE_BYTES);
  }
}

/** A commit whose MLSMessage names another group: `u16 1 | u16 1`, then the group's id with its length. */
export function inAnotherGroup(announcedCommit: Buffer): Buffer {
  const copy = Buffer.from(announcedCommit);
  const lastOfGroupId = TRANSITION_ID_BYTES + 4 + GROUP_ID_BYTES;
  copy.writeUInt8(copy.readUInt8(lastOfGroupId) ^ 1, lastOfGroupId);
  return copy;
}

const TRANSITION_ID_BYTES = 2;
const GROUP_ID_BYTES = 8;
