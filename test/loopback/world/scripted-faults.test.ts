import { describe, expect, it } from "vitest";
import { type CallFault, callFault } from "../../../src/fixture/call-fault.ts";
import type { LoopbackFaults } from "../../../src/loopback/loopback-faults.ts";
import { injectFault } from "../../../src/loopback/world/scripted-faults.ts";
import { join } from "../../support/raw-client.ts";
import { testLoopback } from "../../support/test-loopback.ts";
import { CHANNEL_ID, person, toneCall } from "../../support/tone-call.ts";

/** The call for each of these faults, with its arguments. */
function called(faults: readonly CallFault[]): readonly (readonly [PropertyKey, ...unknown[]])[] {
  const calls: [PropertyKey, ...unknown[]][] = [];
  const recorder = new Proxy({} as LoopbackFaults, {
    get:
      (_target, name) =>
      (...given: readonly unknown[]) => {
        calls.push([name, ...given]);
      },
  });
  for (const fault of faults) injectFault(recorder, fault);
  return calls;
}

describe("a scripted fault", () => {
  it("calls the method it is named after, with the script's values", () => {
    const channelId = CHANNEL_ID;
    const scripted: readonly (readonly [CallFault, PropertyKey, ...unknown[]])[] = [
      [{ kind: "close_gateway", code: 4000 }, "closeGateway", 4000],
      [{ kind: "close_voice_at", stage: "ready", code: 4006, times: 2 }, "closeVoiceAt", "ready", 4006, 2],
      [{ kind: "stall_voice", stage: "identify" }, "stallVoice", "identify", undefined],
      [{ kind: "hold_opcode", op: 27, delayMs: 50 }, "holdOpcode", 27, 50, undefined],
      [{ kind: "corrupt_opcode", op: 29, times: 3, how: "truncate" }, "corruptOpcode", 29, 3, "truncate"],
      [{ kind: "undecryptable", durationMs: 900, userIds: [] }, "undecryptable", 900, []],
      [{ kind: "deny_permissions", channelId, permissions: ["connect"] }, "denyPermissions", channelId, ["connect"]],
      [{ kind: "deafen_bot", on: true }, "deafenBot", true],
    ];
    expect(called(scripted.map(([fault]) => fault))).toEqual(scripted.map(([, ...call]) => call));
  });

  it("has a method for every kind", () => {
    for (const { shape } of callFault.options) {
      const kind = [...shape.kind.values][0] as CallFault["kind"];
      const method = kind.replace(/_(.)/g, (_match, letter: string) => letter.toUpperCase());
      expect(called([{ kind } as CallFault])[0]?.[0]).toBe(method);
    }
  });

  it("happens at its time in the call", async () => {
    const fixture = toneCall([{ user: person(1), speaksFromMs: 0, packetCount: 10 }], {
      events: [{ type: "fault", atMs: 100, fault: { kind: "close_voice", code: 4006 } }],
    });
    const loopback = await testLoopback({ fixture, daveProtocolVersion: 0 });
    const { socket } = await join(loopback);
    expect(await socket.closeCode()).toBe(4006);
    await loopback.played;
    expect(loopback.sentOf(person(1).id).size).toBeLessThan(10);
  });
});
