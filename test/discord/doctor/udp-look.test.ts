import { expect, test } from "vitest";
import { udpTrouble } from "../../../src/discord/doctor/udp-look.ts";

test("A datagram that the machine accepts passes, whether anyone listens or not.", async () => {
  expect(await udpTrouble("127.0.0.1")).toBeUndefined();
});

test("A datagram that it refuses to send, here a broadcast, is reported in the system's words.", async () => {
  expect(await udpTrouble("255.255.255.255")).toContain("EACCES");
});
