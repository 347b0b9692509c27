/** Faults of single messages of the voice gateway on their way to a client. */

/** `flip` changes bytes inside; `truncate` leaves 2 bytes of a binary frame, half of a JSON text. */
export type Corruption = "flip" | "truncate";

export type OpcodeFault =
  | { readonly kind: "hold"; readonly delayMs: number }
  | { readonly kind: "drop" }
  | { readonly kind: "corrupt"; readonly how: Corruption }
  /** JSON arrives with this `d`. */
  | { readonly kind: "reshape"; readonly data: unknown };

interface Planned {
  readonly ops: ReadonlySet<number>;
  readonly fault: OpcodeFault;
  times: number;
}

/** Sequence number and opcode, which stay readable. */
const BINARY_HEAD_BYTES = 3;
/** Bytes of the payload that do not change: a transition id, the kind of a list of proposals. */
const UNTOUCHED_BYTES = 4;
const FLIP_EVERY_BYTES = 7;
const TRUNCATED_BYTES = 2;

export class OpcodeFaults {
  readonly #planned: Planned[] = [];

  /** Applies this to the given number of next messages with one of these opcodes, after earlier plans. */
  plan(ops: readonly number[], fault: OpcodeFault, times: number): void {
    this.#planned.push({ ops: new Set(ops), fault, times });
  }

  /** Called before a message is sent. @returns its fault, which is then used up once. */
  met(op: number): OpcodeFault | undefined {
    const index = this.#planned.findIndex(({ ops }) => ops.has(op));
    const planned = this.#planned[index];
    if (planned === undefined) return undefined;
    planned.times -= 1;
    if (planned.times <= 0) this.#planned.splice(index, 1);
    return planned.fault;
  }
}

/** The message as it arrives; undefined if it gets lost. */
export function faulty(message: string | Buffer, fault: OpcodeFault | undefined): string | Buffer | undefined {
  switch (fault?.kind) {
    case "drop":
      return undefined;
    case "corrupt":
      return corrupt(message, fault.how);
    case "reshape":
      return typeof message === "string" ? JSON.stringify({ ...JSON.parse(message), d: fault.data }) : message;
    default:
      return message;
  }
}

function corrupt(message: string | Buffer, how: Corruption): string | Buffer {
  if (typeof message === "string") {
    if (how === "truncate") return message.slice(0, message.length / 2);
    return flip(Buffer.from(message), 0).toString("latin1");
  }
  if (how === "truncate") return message.subarray(0, TRUNCATED_BYTES);
  return flip(Buffer.from(message), Math.min(BINARY_HEAD_BYTES + UNTOUCHED_BYTES, message.length - 1));
}

function flip(bytes: Buffer, from: number): Buffer {
  // In JSON the first character changes too, which makes it invalid.
  for (let at = from; at < bytes.length; at += FLIP_EVERY_BYTES) bytes[at] = (bytes[at] ?? 0) ^ 0x15;
  return bytes;
}
