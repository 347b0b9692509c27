import { expect, test } from "vitest";
import { memoryCall } from "../../support/memory-call.ts";
import { somebody } from "../../support/people.ts";
import { settle } from "../../support/virtual-clock.ts";

const ALICE = somebody(1);
const BOB = somebody(2);

/** A recording that runs. */
async function recording() {
  const call = memoryCall();
  const { recorder, newestPackets } = call;
  const running = recorder.run();
  await settle();
  const taken = () =>
    Object.fromEntries([...newestPackets.take()].map(([userId, opus]) => [userId, opus.toString("hex")]));
  const end = () => {
    recorder.end({ exitReason: "leave_requested", detail: "test" });
    return running;
  };
  return { ...call, taken, end };
}

test("Each speaker's newest packet is returned once.", async () => {
  const { speak, taken, end } = await recording();
  speak(ALICE.id);
  const [alice, bob] = [speak(ALICE.id), speak(BOB.id)];
  expect(taken()).toEqual({ [ALICE.id]: alice, [BOB.id]: bob });
  expect(taken()).toEqual({});
  await end();
});

test("No packet from a pause or from right before it is returned.", async () => {
  const { speak, taken, recorder, end } = await recording();
  speak(ALICE.id);
  recorder.pause();
  speak(BOB.id);
  expect(taken()).toEqual({});
  recorder.resume();
  const heard = speak(ALICE.id);
  expect(taken()).toEqual({ [ALICE.id]: heard });
  await end();
});

test("No packet of a person who declines is returned, nor those right before; others continue.", async () => {
  const { speak, taken, announcer, end } = await recording();
  speak(ALICE.id);
  announcer.press(ALICE, "decline");
  speak(ALICE.id);
  const bob = speak(BOB.id);
  expect(taken()).toEqual({ [BOB.id]: bob });
  await end();
});
