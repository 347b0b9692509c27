import { basename } from "node:path";

/** The purposes of a process's pages, as far as the kernel knows them, in table order. */
export const MAPPING_KINDS = [
  "node, code",
  "node, constants",
  "libraries of the system",
  "native packages",
  "malloc",
  "machine code of V8",
  "V8's heap and other anonymous memory",
  "the rest",
] as const;
export type MappingKind = (typeof MAPPING_KINDS)[number];

/** Resident memory in bytes. */
export interface Resident {
  /** All pages in memory. */
  readonly rss: number;
  /** Each shared page is divided by the number of its processes. */
  readonly pss: number;
  /** Pages that no other process has: the cost of one more worker. */
  readonly uss: number;
}

const NOTHING: Resident = { rss: 0, pss: 0, uss: 0 };
/** proc_pid_smaps(5): `address perms offset dev inode pathname`. */
const HEADER = /^[0-9a-f]+-[0-9a-f]+ (\S{4}) \S+ \S+ \d+\s*(.*)$/;
const FIELD = /^(Rss|Pss|Private_Clean|Private_Dirty):\s+(\d+) kB$/;

/**
 * Resident memory by kind.
 *
 * @param smaps text of /proc/PID/smaps
 */
export function residentByKind(smaps: string): ReadonlyMap<MappingKind, Resident> {
  const kinds = new Map<MappingKind, Resident>(MAPPING_KINDS.map((kind) => [kind, NOTHING]));
  let kind: MappingKind = "the rest";
  for (const line of smaps.split("\n")) {
    const header = HEADER.exec(line);
    if (header !== null) kind = kindOf(header[2] ?? "", header[1] ?? "");
    const [, name, kilobytes] = FIELD.exec(line) ?? [];
    if (name === undefined) continue;
    kinds.set(kind, withField(kinds.get(kind) ?? NOTHING, name, Number(kilobytes) * 1_024));
  }
  return kinds;
}

export function sumOf(parts: Iterable<Resident>): Resident {
  let sum = NOTHING;
  for (const { rss, pss, uss } of parts) sum = { rss: sum.rss + rss, pss: sum.pss + pss, uss: sum.uss + uss };
  return sum;
}

function withField(resident: Resident, name: string, bytes: number): Resident {
  if (name === "Rss") return { ...resident, rss: resident.rss + bytes };
  if (name === "Pss") return { ...resident, pss: resident.pss + bytes };
  return { ...resident, uss: resident.uss + bytes };
}

function kindOf(path: string, permissions: string): MappingKind {
  const runs = permissions.includes("x");
  if (path === "") return runs ? "machine code of V8" : "V8's heap and other anonymous memory";
  if (path === "[heap]") return "malloc";
  if (path.startsWith("[") || path.startsWith("anon_inode:")) return "the rest";
  const file = basename(path);
  if (file === "node") return runs ? "node, code" : "node, constants";
  if (file.endsWith(".node")) return "native packages";
  return /\.so(\.|$)/.test(file) ? "libraries of the system" : "the rest";
}
