import { describe, expect, it, onTestFinished } from "vitest";
import type { Loopback, LoopbackOptions } from "../../../src/loopback/loopback.ts";
import { type ClientLine, ClientProcess } from "../../support/client-process.ts";
import { testLoopback } from "../../support/test-loopback.ts";
import { CHANNEL_ID, person, TEXT_CHANNEL_ID, toneCall } from "../../support/tone-call.ts";

const [ALICE, BOB] = [person(1, "alice"), person(2, "bob")];
const fixture = toneCall([ALICE, BOB].map((user) => ({ user, speaksFromMs: 0, packetCount: 0 })));

/** A bot that has registered its commands, and two people. */
async function bot(script: string, options: Partial<LoopbackOptions> = {}, slowMs = 0) {
  const loopback = await testLoopback({ fixture, ...options });
  const client = new ClientProcess(script, { ...loopback.environment, SLOW_MS: String(slowMs) });
  onTestFinished(() => client.kill());
  await client.until((lines) => lines.some(({ type }) => type === "ready"));
  return { loopback, client, alice: loopback.person(ALICE.id), bob: loopback.person(BOB.id) };
}

const textsOf = (loopback: Loopback, userId: string) =>
  loopback
    .person(userId)
    .sees(TEXT_CHANNEL_ID)
    .map(({ content }) => content);
const codeOf = (lines: readonly ClientLine[]) => lines.find(({ type }) => type === "refused")?.code;

describe.each(["discord-js-bot.mjs", "dysnomia-bot.mjs"])("an unmodified library, %s,", (script) => {
  it("runs a bot with commands, completion, a panel with buttons and a menu, and a modal", async () => {
    const { loopback, client, alice, bob } = await bot(script);
    expect(client.lines[0]).toEqual({ type: "ready", names: ["room", "slow", "twice", "Wave"] });

    expect(await alice.complete("room open", "title", { title: "My " })).toEqual([
      { name: "My Standup", value: "Standup" },
      { name: "My Retro", value: "Retro" },
    ]);
    const opened = await alice.use("room open", { where: CHANNEL_ID, who: BOB.id, count: 3, title: "Retro" });
    expect(opened).toMatchObject({ kind: "message", message: { content: "Meeting bob 3 Retro", ephemeral: false } });
    await client.until((lines) => lines.some(({ type }) => type === "opened" || type === "refused"));
    expect(client.lines.at(-1)).toEqual({ type: "opened" });
    expect(bob.sees(TEXT_CHANNEL_ID)[0]).toMatchObject({
      content: "Meeting bob 3 Retro",
      embeds: [{ title: "Room", fields: [{ name: "State", value: "open" }] }],
      controls: [{ label: "Close" }, { label: "Note" }, { customId: "size" }],
      links: [{ label: "Page", url: "https://example.org/" }],
    });

    expect(await alice.use("room rules show")).toMatchObject({ message: { content: "No rules", ephemeral: true } });
    await client.until((lines) => lines.some(({ type, hidden }) => type === "replied" && hidden === true));
    expect(textsOf(loopback, ALICE.id)).toEqual(["Meeting bob 3 Retro", "Only you see this", "No rules"]);
    expect(textsOf(loopback, BOB.id)).toEqual(["Meeting bob 3 Retro"]);

    const pressed = await bob.press("Note");
    if (pressed.kind !== "modal") throw new Error(`expected a modal, got ${pressed.kind}`);
    expect(pressed.modal).toMatchObject({ title: "A note", fields: [{ customId: "text", value: "" }] });
    expect(await pressed.modal.submit({ text: "Agreed" })).toMatchObject({
      kind: "message",
      message: { content: "Noted: Agreed", ephemeral: true },
    });

    expect(await bob.choose("size", ["big"])).toMatchObject({ kind: "acknowledged" });
    expect(await alice.press("Close")).toMatchObject({
      kind: "update",
      message: { content: "closed", controls: [], links: [] },
    });
    expect(await alice.useOn("Wave", BOB.id)).toMatchObject({ message: { content: "👋 bob" } });
    expect(codeOf(client.lines)).toBeUndefined();
    expect(await client.stop()).toBe(0);
  });

  it("learns that its answer came too late, and that it answered twice", async () => {
    const { client, alice } = await bot(script, { interactionLimits: { answerMs: 400 } }, 600);
    expect(await alice.use("slow")).toMatchObject({ kind: "failed" });
    await client.until((lines) => codeOf(lines) === 10062);
    expect(await alice.use("twice")).toMatchObject({ message: { content: "once" } });
    await client.until((lines) => lines.some(({ code }) => code === 40060));
  });
});
