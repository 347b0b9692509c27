import type { Manifest } from "../../src/session/manifest.ts";
import type { SessionEvent } from "../../src/session/session-events.ts";
import { type MemoryCall, memoryCall } from "../support/memory-call.ts";
import { FLAGS, somebody } from "../support/people.ts";
import { settle } from "../support/virtual-clock.ts";

export const ALICE = somebody(1);
export const BOB = somebody(2);
export const BOT = somebody(3, true);

export const join = (call: MemoryCall, person: typeof ALICE) =>
  call.voice.listener?.roster({ kind: "join", person, flags: FLAGS });
export const leave = (call: MemoryCall, person: typeof ALICE) =>
  call.voice.listener?.roster({ kind: "leave", userId: person.id });

export const json = (call: MemoryCall, name: string) => call.storage.files.get(name)?.toString("utf8") ?? "";
export const manifestOf = (call: MemoryCall): Manifest => JSON.parse(json(call, "manifest.json"));
export const eventsOf = (call: MemoryCall): SessionEvent[] =>
  json(call, "events.jsonl")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

export async function started(...options: Parameters<typeof memoryCall>) {
  const call = memoryCall(...options);
  const result = call.recorder.run();
  await settle();
  return { call, result };
}

/** 20 ms packets for as long. */
export async function talk(call: MemoryCall, person: typeof ALICE, milliseconds: number): Promise<void> {
  for (let spokenMs = 0; spokenMs < milliseconds; spokenMs += 20) {
    call.speak(person.id);
    await call.clock.advance(20);
  }
}
