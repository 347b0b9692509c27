import { expect, it } from "vitest";
import { untilClientLeft } from "../../../src/cli/process/loopback-client.ts";
import type { ConnectionEvent } from "../../../src/loopback/loopback.ts";

const DEADLINES = { comeMs: 40, returnMs: 20, lookEveryMs: 10 };
const came = { kind: "gateway_identify", atMs: 0, userId: "1", shardId: 0, shardCount: 1 } as const;
const left = { kind: "gateway_close", atMs: 0, userId: "1", code: 1_000 } as const;

it("ends if no client connects, and after the client has left", async () => {
  await untilClientLeft(() => [], DEADLINES);
  await untilClientLeft(() => [came, left], DEADLINES);
});

it("waits while a client is connected, or has only lost its connection", async () => {
  const log: ConnectionEvent[] = [came];
  let looks = 0;
  await untilClientLeft(() => {
    looks += 1;
    if (looks === 10) log.push(left);
    if (looks === 12) log.push({ kind: "gateway_resume", atMs: 0, userId: "1", resumed: true });
    if (looks === 20) log.push({ ...left, code: 1_006 });
    return log;
  }, DEADLINES);
  expect(looks).toBeGreaterThan(20);
});
