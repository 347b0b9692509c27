import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import type { Loopback } from "../../src/loopback/loopback.ts";
import { type Manifest, manifestSchema } from "../../src/session/manifest.ts";
import { ServeProcess, serviceFolder } from "../support/serve-process.ts";
import { testLoopback } from "../support/test-loopback.ts";
import { CHANNEL_ID, GUILD_ID, person, toneCall } from "../support/tone-call.ts";

/** Rules, consent and a pool of two bots, with the real service and real workers. */

const ALICE = person(1, "alice");
const ELSEWHERE_ID = "100000000000000004";
const SOON = { timeout: 60_000, interval: 50 };
/** The least that a rule can wait for people to come back. */
const WAIT_SECONDS = 5;

async function server() {
  const loopback = await testLoopback({
    fixture: toneCall([{ user: ALICE, speaksFromMs: 0, packetCount: 1_500 }]),
  });
  const second = loopback.addBot("recorder-b");
  const folder = await serviceFolder();
  const environment: Readonly<Record<string, string>> = {
    ...folder.environment,
    NODE_EXTRA_CA_CERTS: loopback.caCertificatePath,
    MEETBOT_DISCORD_API: loopback.restUrl,
    MEETBOT_BOT_TOKEN: loopback.token,
    MEETBOT_BOT_POOL: second.token,
    MEETBOT_COMMAND_GUILDS: GUILD_ID,
  };
  const alice = loopback.person(ALICE.id);
  alice.giveRole(loopback.addRole("managers", ["manageGuild"]));
  const people = { alice, bob: loopback.addPerson("bob"), carol: loopback.addPerson("carol") };
  return { loopback, second, folder: { ...folder, environment }, ...people };
}

async function untilCommands({ log }: Loopback): Promise<void> {
  const isRegistered = (): boolean =>
    log.some((event) => event.kind === "rest" && event.method === "POST" && event.path.endsWith("/commands"));
  await vi.waitFor(() => expect(isRegistered()).toBe(true), SOON);
}

async function manifestsIn(uri: string): Promise<Manifest[]> {
  const folder = uri.replace("file:", "");
  const jobs = (await readdir(folder)).toSorted();
  const texts = await Promise.all(jobs.map((job) => readFile(join(folder, job, "manifest.json"), "utf8")));
  return texts.map((text) => manifestSchema.parse(JSON.parse(text)));
}

const text = (outcome: object): string => JSON.stringify(outcome);

describe("a rule", () => {
  it("records from the second person on, through a hop, until they leave; another bot records elsewhere", async () => {
    const { loopback, second, folder, alice, bob, carol } = await server();
    const service = await ServeProcess.start(folder);
    await untilCommands(loopback);
    await alice.use("record settings set", { consent: "opt-out" });
    const rule = { channel: CHANNEL_ID, people: 2, title: "{channel}", "wait-seconds": WAIT_SECONDS };
    expect(text(await alice.use("record settings add-rule", rule))).toContain("from 2 people on");
    expect(text(await bob.use("record settings add-rule", rule))).toContain("You may not change");

    alice.join(CHANNEL_ID);
    expect(text(await bob.use("record why", { channel: CHANNEL_ID }))).toContain("1 person is in the channel");
    bob.join(CHANNEL_ID);
    const panel = () => bob.sees(CHANNEL_ID).filter(({ ephemeral }) => !ephemeral);
    await vi.waitFor(() => expect(panel()[0]?.content).toContain("Recording: Meeting"), SOON);
    // One message is notice, consent and panel.
    expect(panel()).toHaveLength(1);
    expect(panel()[0]?.content).toContain("This voice channel is being recorded.");
    expect(panel()[0]?.controls.map(({ label }) => label)).toEqual([
      ...["Stop", "Pause", "Add a note", "Allow", "Don't record me"],
    ]);
    // The worker itself answers its buttons.
    expect(text(await bob.press("Don't record me"))).toContain("You are not recorded from now on");
    await alice.use("record consent");
    await alice.press("Don't record me", { messageId: alice.sees().at(-1)?.id ?? "" });
    const reached = "It counts for the recordings that run now, too.";
    await vi.waitFor(() => expect(alice.sees().at(-1)?.content).toContain(reached), SOON);

    bob.join(ELSEWHERE_ID);
    await sleep(500);
    bob.join(CHANNEL_ID);
    const unharmed = sleep((WAIT_SECONDS + 1) * 1_000);
    carol.join(ELSEWHERE_ID);
    expect(text(await carol.use("record start"))).toMatch(new RegExp(`The bot (records|joins) <#${ELSEWHERE_ID}>`));
    const elsewhere = () => carol.sees(ELSEWHERE_ID).filter(({ ephemeral }) => !ephemeral);
    // Presses go to the bot that posted a message, so the second bot's worker posts a notice of its own.
    await vi.waitFor(() => expect(elsewhere()).toHaveLength(2), SOON);
    const notice = elsewhere().find(({ content }) => content.includes("is being recorded"));
    expect(notice?.controls.map(({ label }) => label)).toEqual(["Allow", "Don't record me"]);
    await unharmed;
    expect(panel()[0]?.content).toContain("Recording: Meeting");
    expect(text(await carol.use("record stop", { channel: ELSEWHERE_ID }))).toContain("ends");

    bob.leave();
    await vi.waitFor(() => expect(panel()[0]?.content).toContain("is over: Meeting"), SOON);
    expect(text(await bob.use("record why", { channel: CHANNEL_ID }))).toContain("1 person is in the channel");
    await vi.waitFor(() => expect(elsewhere().some(({ content }) => content.includes("is over"))).toBe(true), SOON);

    const [first, other, ...more] = await manifestsIn(folder.environment.MEETBOT_SERVICE_STORAGE_URI ?? "");
    expect(more).toEqual([]);
    const consentOf = (id: string) => first?.participants.find((participant) => participant.id === id)?.consent;
    expect(first).toMatchObject({ channel: { id: CHANNEL_ID }, consentMode: "opt-out", exitReason: "leave_requested" });
    expect([consentOf(ALICE.id), consentOf(bob.userId)]).toEqual(["declined", "declined"]);
    expect(other).toMatchObject({ channel: { id: ELSEWHERE_ID } });
    const { stderr } = await service.end("SIGTERM");
    for (const token of [loopback.token, second.token]) expect(stderr).not.toContain(token);
  });
});
