/**
 * The part of MLS (RFC 9420) that Discord's voice server needs for DAVE. The server is delivery service and external
 * sender, knows only public messages, and has no group secret. https://daveprotocol.com
 */

import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { MalformedMls, MlsReader, mlsVector, uint16, uint32, uint64 } from "./mls-reader.ts";

/** ProtocolVersion mls10. RFC 9420 §6. */
const MLS_10 = 1;
/** MLS_128_DHKEMP256_AES128GCM_SHA256_P256, the ciphersuite of DAVE protocol version 1. RFC 9420 §17.1. */
const CIPHERSUITE = 2;
/** WireFormat mls_public_message. RFC 9420 §6. */
const PUBLIC_MESSAGE = 1;
/** CredentialType basic. RFC 9420 §5.3. */
const BASIC_CREDENTIAL = 1;
/** SenderType. RFC 9420 §6. */
const SENDER_MEMBER = 1;
const SENDER_EXTERNAL = 2;
/** ContentType. RFC 9420 §6. */
const CONTENT_PROPOSAL = 2;
const CONTENT_COMMIT = 3;
/** ProposalType. RFC 9420 §17.4. */
const PROPOSAL_ADD = 1;
const PROPOSAL_REMOVE = 3;
/** ProposalOrRefType reference. RFC 9420 §12.4. */
const BY_REFERENCE = 2;

/** Discord's own identity, which is not a user's: those have 17 to 20 digits. */
const EXTERNAL_SENDER_IDENTITY = uint64(1n);

/** RFC 9420 §5.2: RefHash(label, value) = Hash(RefHashInput). Hex, to serve as a map's key. */
function refHash(label: string, value: Buffer): string {
  return createHash("sha256")
    .update(mlsVector(Buffer.from(label)))
    .update(mlsVector(value))
    .digest("hex");
}

export function addProposal(keyPackage: Buffer): Buffer {
  return Buffer.concat([uint16(PROPOSAL_ADD), keyPackage]);
}

export function removeProposal(leafIndex: number): Buffer {
  return Buffer.concat([uint16(PROPOSAL_REMOVE), uint32(leafIndex)]);
}

/** A proposal on the wire, and the reference by which a commit names it. */
export interface SignedProposal {
  /** MLSMessage with a PublicMessage. */
  readonly message: Buffer;
  /** Hex. */
  readonly reference: string;
}

/** The voice server's signing identity: every group of the call lists it as its one external sender. */
export class ExternalSender {
  readonly #privateKey: KeyObject;
  /** Payload of op 25: `ExternalSender` of RFC 9420 §12.1.8.1. */
  readonly package: Buffer;

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    this.#privateKey = privateKey;
    // SEC 1 uncompressed point: the last 65 bytes of the SubjectPublicKeyInfo.
    const point = publicKey.export({ format: "der", type: "spki" }).subarray(-65);
    this.package = Buffer.concat([mlsVector(point), uint16(BASIC_CREDENTIAL), mlsVector(EXTERNAL_SENDER_IDENTITY)]);
  }

  /** Signs a proposal for a group. FramedContent and its signature: RFC 9420 §6, §6.1. */
  propose(groupId: Buffer, epoch: bigint, proposal: Buffer): SignedProposal {
    const toBeSigned = Buffer.concat([
      uint16(MLS_10),
      uint16(PUBLIC_MESSAGE),
      mlsVector(groupId),
      uint64(epoch),
      Buffer.from([SENDER_EXTERNAL]),
      uint32(0), // index in the group's external senders
      mlsVector(Buffer.alloc(0)), // authenticated data
      Buffer.from([CONTENT_PROPOSAL]),
      proposal,
    ]);
    // RFC 9420 §6.1: the GroupContext is part of what members sign, not of what external senders sign.
    const message = Buffer.concat([toBeSigned, mlsVector(this.#signWithLabel("FramedContentTBS", toBeSigned))]);
    // RFC 9420 §5.2: the reference is over AuthenticatedContent, the message without its protocol version.
    return { message, reference: refHash("MLS 1.0 Proposal Reference", message.subarray(2)) };
  }

  /** RFC 9420 §5.1.2. */
  #signWithLabel(label: string, content: Buffer): Buffer {
    const signContent = Buffer.concat([mlsVector(Buffer.from(`MLS 1.0 ${label}`)), mlsVector(content)]);
    return sign("sha256", signContent, this.#privateKey);
  }
}

/** MLS group id of a voice channel: its id as 64 bits, big-endian. https://daveprotocol.com/#group-id */
export function groupIdOf(channelId: string): Buffer {
  return uint64(BigInt(channelId));
}

/** Payload of op 27 that appends proposals. */
export function appendProposals(proposals: readonly SignedProposal[]): Buffer {
  return Buffer.concat([Buffer.from([0]), mlsVector(Buffer.concat(proposals.map(({ message }) => message)))]);
}

/** The owner of a key package: the id in its basic credential. Undefined if the bytes are not a key package. */
export function userOfKeyPackage(keyPackage: Buffer): string | undefined {
  return parsed(() => {
    const reader = new MlsReader(keyPackage);
    reader.expect(reader.uint16(), MLS_10, "protocol version");
    reader.expect(reader.uint16(), CIPHERSUITE, "ciphersuite");
    reader.vector(); // init key
    const identity = readLeafNode(reader);
    reader.vector(); // extensions
    reader.vector(); // signature
    if (!reader.atEnd || identity.length !== 8) throw new MalformedMls("key package of another shape");
    return identity.readBigUInt64BE().toString();
  });
}

export interface CommitWelcome {
  /** MLSMessage, for the members that are in the group already. */
  readonly commit: Buffer;
  /** Welcome, for those it adds; undefined if it adds nobody. */
  readonly welcome: Buffer | undefined;
  readonly groupId: Buffer;
  /** The epoch that the commit ends. */
  readonly epoch: bigint;
  /** References of the proposals it commits, in order, hex. */
  readonly references: readonly string[];
}

/** Splits op 28 into its commit and its welcome. Undefined if it is malformed. */
export function parseCommitWelcome(payload: Buffer): CommitWelcome | undefined {
  return parsed(() => {
    const reader = new MlsReader(payload);
    reader.expect(reader.uint16(), MLS_10, "protocol version");
    reader.expect(reader.uint16(), PUBLIC_MESSAGE, "wire format");
    const groupId = reader.vector();
    const epoch = reader.uint64();
    reader.expect(reader.uint8(), SENDER_MEMBER, "sender type");
    reader.uint32(); // leaf index
    reader.vector(); // authenticated data
    reader.expect(reader.uint8(), CONTENT_COMMIT, "content type");
    const references = readReferences(reader.vector());
    if (reader.uint8() === 1) readUpdatePath(reader);
    reader.vector(); // signature
    reader.vector(); // confirmation tag
    reader.vector(); // membership tag
    const end = reader.offset;
    const welcome = end < payload.length ? payload.subarray(end) : undefined;
    return { commit: payload.subarray(0, end), welcome, groupId, epoch, references };
  });
}

function readReferences(proposals: Buffer): readonly string[] {
  const reader = new MlsReader(proposals);
  const references: string[] = [];
  while (!reader.atEnd) {
    // https://daveprotocol.com/#commit-validation: proposals by value are not allowed.
    reader.expect(reader.uint8(), BY_REFERENCE, "kind of proposal in a commit");
    references.push(reader.vector().toString("hex"));
  }
  return references;
}

/** RFC 9420 §7.6. */
function readUpdatePath(reader: MlsReader): void {
  readLeafNode(reader);
  reader.vector(); // nodes
}

/** RFC 9420 §7.2. @returns the identity in the leaf's basic credential. */
function readLeafNode(reader: MlsReader): Buffer {
  reader.vector(); // encryption key
  reader.vector(); // signature key
  reader.expect(reader.uint16(), BASIC_CREDENTIAL, "credential type");
  const identity = reader.vector();
  // Capabilities: versions, ciphersuites, extensions, proposals, credentials.
  for (let list = 0; list < 5; list += 1) reader.vector();
  const source = reader.uint8();
  if (source === 1) reader.bytes(16); // key_package: lifetime, two times 64 bits
  if (source === 3) reader.vector(); // commit: parent hash
  reader.vector(); // extensions
  reader.vector(); // signature
  return identity;
}

function parsed<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof MalformedMls) return undefined;
    throw error;
  }
}
