import { expect, test } from "vitest";
import { residentByKind, sumOf } from "./mappings.ts";

const mapping = (header: string, rss: number, pss: number, clean: number, dirty: number): string =>
  `${header}\nSize:               1000 kB\nRss:                 ${rss} kB\nPss:                 ${pss} kB\nShared_Clean:          1 kB\nPrivate_Clean:       ${clean} kB\nPrivate_Dirty:      ${dirty} kB\nVmFlags: rd mr\n`;

const SMAPS = [
  mapping("00400000-01c1a000 r--p 00000000 fd:00 131                 /usr/local/bin/node", 100, 50, 0, 0),
  mapping("01c1a000-05000000 r-xp 0181a000 fd:00 131                 /usr/local/bin/node", 200, 100, 0, 0),
  mapping("0a000000-0b000000 rw-p 00000000 00:00 0                          [heap]", 30, 30, 0, 30),
  mapping("7f0000000000-7f0001000000 rw-p 00000000 00:00 0 ", 40, 40, 1, 39),
  mapping("7f0002000000-7f0003000000 rwxp 00000000 00:00 0 ", 5, 5, 0, 5),
  mapping("7f0004000000-7f0005000000 r-xp 00000000 fd:00 7   /app/node_modules/a b/x.node", 6, 3, 0, 0),
  mapping("7f0006000000-7f0007000000 r-xp 00000000 fd:00 8   /usr/lib/libc.so.6", 7, 1, 0, 0),
  mapping("7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0                          [stack]", 8, 8, 0, 8),
].join("");

test("Pages are counted by what they are for, in bytes.", () => {
  const kinds = Object.fromEntries([...residentByKind(SMAPS)].map(([kind, { rss }]) => [kind, rss / 1_024]));
  expect(kinds).toEqual({
    "node, code": 200,
    "node, constants": 100,
    "libraries of the system": 7,
    "native packages": 6,
    malloc: 30,
    "machine code of V8": 5,
    "V8's heap and other anonymous memory": 40,
    "the rest": 8,
  });
});

test("Unique memory is what no other process has, clean or dirty.", () => {
  expect(sumOf(residentByKind(SMAPS).values())).toEqual({ rss: 396 * 1_024, pss: 237 * 1_024, uss: 83 * 1_024 });
});
