import { createSocket } from "node:dgram";
import { once } from "node:events";
import { expect, test } from "vitest";
import { cpuBetween, cpuOf, udpDropsOf } from "./process-usage.ts";

const onLinux = process.platform === "linux";

test.runIf(onLinux)("the CPU time of a busy process grows by the time it computed", () => {
  const before = cpuOf(process.pid);
  const { user } = process.cpuUsage();
  while (process.cpuUsage().user - user < 50_000);
  expect(cpuBetween(before, cpuOf(process.pid)).allMs).toBeGreaterThan(45);
});

test.runIf(onLinux)("datagrams that do not fit into a buffer are counted as dropped", async () => {
  const [receiver, sender] = [createSocket("udp4"), createSocket("udp4")];
  receiver.bind(0, "127.0.0.1");
  await once(receiver, "listening");
  sender.connect(receiver.address().port, "127.0.0.1");
  await once(sender, "connect");
  receiver.setRecvBufferSize(4_096);
  const before = udpDropsOf(process.pid);
  // Nothing is read until this function lets the event loop continue.
  for (let index = 0; index < 100; index += 1) sender.send(Buffer.alloc(1_000));
  expect(udpDropsOf(process.pid)).toBeGreaterThan(before);
  receiver.close();
  sender.close();
});
