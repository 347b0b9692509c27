import { expect, test } from "vitest";
import { udpTrouble } from "../../../src/discord/doctor/udp-look.ts";

test("A datagram that the machine takes is no trouble, whether anybody listens or not.", async () => {
  expect(await udpTrouble("127.0.0.1")).toBeUndefined();
});

test("One that it refuses to send, here as a broadcast, is reported in the system's words.", async () => {
  expect(await udpTrouble("255.255.255.255")).toContain("EACCES");
});
