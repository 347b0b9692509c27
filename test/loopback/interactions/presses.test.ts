import { describe, expect, it, vi } from "vitest";
import type { Loopback } from "../../../src/loopback/loopback.ts";
import { identify } from "../../support/raw-client.ts";
import { testLoopback } from "../../support/test-loopback.ts";
import { person, TEXT_CHANNEL_ID, toneCall } from "../../support/tone-call.ts";

const ALICE = person(1, "alice");
const fixture = toneCall([{ user: ALICE, speaksFromMs: 0, packetCount: 0 }]);
const components = [{ type: 1, components: [{ type: 2, style: 3, label: "Yes", custom_id: "yes" }] }];

async function post(loopback: Loopback, path: string, body: unknown) {
  const headers = { authorization: `Bot ${loopback.token}`, "content-type": "application/json" };
  const response = await fetch(`${loopback.restUrl}/v10${path}`, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
}

/** Somebody has pressed the button under the bot's message, and the bot got the interaction. */
async function pressed(interactionLimits: { readonly tokenMs?: number } = {}) {
  const loopback = await testLoopback({ fixture, interactionLimits });
  const gateway = await identify(loopback);
  expect((await post(loopback, `/channels/${TEXT_CHANNEL_ID}/messages`, { content: "Well?", components })).status).toBe(
    200,
  );
  const answer = loopback.press(ALICE.id, "Yes");
  const { d } = await gateway.frame({ t: "INTERACTION_CREATE" });
  const interaction = d as { id: string; token: string };
  const reply = (body: unknown, token = interaction.token) =>
    post(loopback, `/interactions/${interaction.id}/${token}/callback`, body);
  return { loopback, answer, interaction, reply };
}

const MESSAGE = { type: 4, data: { content: "Thank you", flags: 64 } };

describe("a button press", () => {
  it("reaches the bot that posted the message, and says who pressed which button under which message", async () => {
    const { interaction } = await pressed();
    expect(interaction).toMatchObject({
      type: 3,
      channel_id: TEXT_CHANNEL_ID,
      data: { component_type: 2, custom_id: "yes" },
      member: { user: { id: ALICE.id } },
      message: { content: "Well?" },
    });
  });

  it("is answered once, with its own token", async () => {
    const { answer, reply } = await pressed();
    expect(await reply(MESSAGE, "another")).toMatchObject({ status: 404, body: { code: 10062 } });
    expect(await reply({ type: 99 })).toMatchObject({ status: 400, body: { code: 50035 } });
    expect(await reply(MESSAGE)).toMatchObject({ status: 204 });
    expect(await reply(MESSAGE)).toMatchObject({ status: 400, body: { code: 40060 } });
    expect(await answer).toEqual({ content: "Thank you", ephemeral: true });
  });

  it("takes no answer after 3 s", async () => {
    const { answer, reply } = await pressed();
    expect(await answer).toBeUndefined();
    expect(await reply(MESSAGE)).toMatchObject({ status: 404, body: { code: 10062 } });
  });

  it("has a token for further messages, from the first answer until it expires", async () => {
    const { loopback, interaction, reply } = await pressed({ tokenMs: 1_000 });
    const { restUrl, botUserId } = loopback;
    const original = (token: string) =>
      fetch(`${restUrl}/v10/webhooks/${botUserId}/${token}/messages/@original`).then((answer) => answer.json());
    expect(await original(interaction.token)).toMatchObject({ code: 10015 });
    await reply(MESSAGE);
    expect(await original(interaction.token)).toMatchObject({ content: "Thank you", flags: 64 });
    expect(await original("another")).toMatchObject({ code: 50027 });
    await vi.waitFor(async () => expect(await original(interaction.token)).toMatchObject({ code: 50027 }), 5_000);
  });

  it("is impossible if no message has a button with this label", async () => {
    const loopback = await testLoopback({ fixture });
    expect(await loopback.press(ALICE.id, "Yes")).toBeUndefined();
  });
});

it.each([
  ["another style", [{ type: 1, components: [{ type: 2, style: 9, label: "Yes", custom_id: "yes" }] }]],
  [
    "an id that is too long",
    [{ type: 1, components: [{ type: 2, style: 3, label: "Yes", custom_id: "x".repeat(101) }] }],
  ],
  ["no row around it", [{ type: 2, style: 3, label: "Yes", custom_id: "yes" }]],
])("on a button with %s is refused", async (_, wrong) => {
  const loopback = await testLoopback({ fixture });
  const answer = await post(loopback, `/channels/${TEXT_CHANNEL_ID}/messages`, { content: "Well?", components: wrong });
  expect(answer).toMatchObject({ status: 400, body: { code: 50035 } });
});
