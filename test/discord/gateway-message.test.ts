import { describe, expect, it } from "vitest";
import { hasTooManyValues, MAX_MESSAGE_VALUES, readableMessage } from "../../src/discord/gateway-message.ts";

const READY = {
  ...{ session_id: "a", resume_gateway_url: "wss://gateway.discord.gg" },
  ...{ user: { id: "1" }, application: { id: "1" }, guilds: [{ id: "2", unavailable: true }] },
};
const dispatch = (t: unknown, d: unknown, s: unknown = 1) => ({ op: 0, t, d, s });

describe("readableMessage", () => {
  it.each([
    ["READY", dispatch("READY", READY)],
    ["any other dispatch, whatever is in it", dispatch("MESSAGE_CREATE", null)],
    ["HELLO", { op: 10, d: { heartbeat_interval: 41_250 } }],
    ["an acknowledgement", { op: 11, d: null }],
    ["a request to reconnect", { op: 7, d: null }],
    ["an opcode that nobody knows", { op: "x" }],
  ])("lets %s through", (_, message) => {
    expect(readableMessage(message)).toEqual({ message });
  });

  it.each([
    ["a READY without data", dispatch("READY", null), "READY"],
    ["a READY without guilds", dispatch("READY", { ...READY, guilds: undefined }), "READY"],
    ["a READY with a guild that is null", dispatch("READY", { ...READY, guilds: [null] }), "READY"],
    ["a READY without a user", dispatch("READY", { ...READY, user: null }), "READY"],
    ["a READY without an application", dispatch("READY", { ...READY, application: "x" }), "READY"],
    ["a READY with no address to resume at", dispatch("READY", { ...READY, resume_gateway_url: "x" }), "READY"],
    ["a dispatch called error", dispatch("error", {}), "dispatch"],
    ["a dispatch without a name", dispatch(null, {}), "dispatch"],
    ["a dispatch whose number is text", dispatch("MESSAGE_CREATE", {}, "9"), "MESSAGE_CREATE"],
    ["a HELLO without data", { op: 10, d: null }, "HELLO"],
    ["a HELLO that asks for a heartbeat without a pause", { op: 10, d: { heartbeat_interval: "x" } }, "HELLO"],
    ["text", "x", "message"],
    ["null", null, "message"],
  ])("leaves %s out", (_, message, malformed) => {
    expect(readableMessage(message)).toEqual({ malformed });
  });

  it("treats an invalid session of any other shape as one that cannot be resumed", () => {
    expect(readableMessage({ op: 9, d: true })).toEqual({ message: { op: 9, d: true } });
    expect(readableMessage({ op: 9, d: null })).toEqual({ message: { op: 9, d: false } });
  });
});

it("a message of small objects is refused from a number on, and one of long texts is not", () => {
  const objects = (count: number) => JSON.stringify({ d: Array.from({ length: count }, Object) });
  expect(hasTooManyValues(objects(MAX_MESSAGE_VALUES / 2 - 1))).toBe(false);
  expect(hasTooManyValues(objects(MAX_MESSAGE_VALUES / 2 + 1))).toBe(true);
  expect(hasTooManyValues(JSON.stringify({ d: "x".repeat(8_000_000) }))).toBe(false);
  const person = { user_id: "1".repeat(18), channel_id: "2".repeat(18), name: "x".repeat(850) };
  expect(hasTooManyValues(JSON.stringify(Array.from({ length: 9_000 }, () => person)))).toBe(false);
  expect(hasTooManyValues(undefined)).toBe(false);
});
