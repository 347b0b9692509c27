import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import type { Loopback } from "../../src/loopback/loopback.ts";
import { manifestSchema } from "../../src/session/manifest.ts";
import { ServeProcess, type ServiceFolder, serviceFolder } from "../support/serve-process.ts";
import { testLoopback } from "../support/test-loopback.ts";
import { CHANNEL_ID, GUILD_ID, person, toneCall } from "../support/tone-call.ts";

/** People in Discord, the real service and real workers. */

const ALICE = person(1, "alice");
const PACKETS = 1_500;
const SOON = { timeout: 20_000, interval: 50 };

async function server() {
  const fixture = toneCall([{ user: ALICE, speaksFromMs: 0, packetCount: PACKETS }]);
  const loopback = await testLoopback({ fixture });
  const folder = await serviceFolder();
  const { token, restUrl, caCertificatePath } = loopback;
  const environment = {
    ...folder.environment,
    NODE_EXTRA_CA_CERTS: caCertificatePath,
    MEETBOT_DISCORD_API: restUrl,
    MEETBOT_BOT_TOKEN: token,
    MEETBOT_COMMAND_GUILDS: GUILD_ID,
  };
  const alice = loopback.person(ALICE.id);
  alice.join(CHANNEL_ID);
  return { loopback, folder: { ...folder, environment }, alice, bob: loopback.addPerson("bob") };
}

/** Resolves when the commands can be used. */
async function serve(folder: ServiceFolder, loopback: Loopback): Promise<ServeProcess> {
  const service = await ServeProcess.start(folder);
  await vi.waitFor(async () => expect(await residentOf(service)).toMatchObject({ state: "connected" }), SOON);
  await vi.waitFor(() => expect(commandsIn(loopback)).toBeGreaterThan(0), SOON);
  return service;
}

const residentOf = async (service: ServeProcess) =>
  ((await (await fetch(`${service.address}/readyz`)).json()) as { resident?: unknown }).resident;
const commandsIn = ({ log }: Loopback): number =>
  log.filter((event) => event.kind === "rest" && event.method === "POST" && event.path.endsWith("/commands")).length;
const panelsIn = (loopback: Loopback) =>
  loopback
    .person(ALICE.id)
    .sees(CHANNEL_ID)
    .filter(({ ephemeral }) => !ephemeral);

async function recordingOf(folder: ServiceFolder) {
  const recordings = (folder.environment.MEETBOT_SERVICE_STORAGE_URI ?? "").replace("file:", "");
  const jobs = await readdir(recordings);
  const [job = ""] = jobs;
  const manifest = manifestSchema.parse(JSON.parse(await readFile(join(recordings, job, "manifest.json"), "utf8")));
  return { jobs, manifest, folder: join(recordings, job) };
}

describe("a call that people record with commands", () => {
  it("has a panel, notes and buttons, and is saved when somebody stops it", async () => {
    const { loopback, folder, alice, bob } = await server();
    const service = await serve(folder, loopback);
    expect(await alice.use("record stop")).toMatchObject({
      message: { content: "Nothing is being recorded in this server.", ephemeral: true },
    });
    expect(await bob.use("record start")).toMatchObject({
      message: { content: expect.stringContaining("You are in no voice channel.") },
    });

    const started = await alice.use("record start", { title: "Weekly" });
    expect(started).toMatchObject({ message: { content: expect.stringContaining(`records <#${CHANNEL_ID}>`) } });
    expect(started.afterMs).toBeLessThan(3_000);
    expect(await alice.use("record start")).toMatchObject({
      message: { content: `<#${CHANNEL_ID}> is being recorded already.` },
    });
    await vi.waitFor(
      () => expect(panelsIn(loopback)).toMatchObject([{ content: expect.stringMatching(/Recording: Weekly/) }]),
      SOON,
    );
    expect(panelsIn(loopback)[0]?.controls.map(({ label }) => label)).toEqual(["Stop", "Pause", "Add a note"]);

    expect(await alice.use("record note", { text: "We agreed" })).toMatchObject({
      message: { content: expect.stringMatching(/^Noted at 0:\d\d in the recording/), ephemeral: true },
    });
    const modal = await alice.press("Add a note");
    if (modal.kind !== "modal") throw new Error(`expected a modal, got ${modal.kind}`);
    expect(await modal.modal.submit({ text: "And again" })).toMatchObject({
      message: { content: expect.stringMatching(/^Noted at/) },
    });
    // Who is not in the call may not stop it.
    await bob.press("Stop");
    await vi.waitFor(() => expect(bob.sees(CHANNEL_ID).at(-1)?.content).toMatch(/^You may not stop/), SOON);
    expect(await alice.use("record pause")).toMatchObject({ message: { content: expect.stringMatching(/is paused/) } });
    await vi.waitFor(
      () => expect(panelsIn(loopback)).toMatchObject([{ content: expect.stringMatching(/Paused: Weekly/) }]),
      SOON,
    );
    await alice.press("Resume");
    await vi.waitFor(
      () => expect(panelsIn(loopback)).toMatchObject([{ content: expect.stringMatching(/Recording: Weekly/) }]),
      SOON,
    );
    expect(await alice.use("record stop")).toMatchObject({ message: { content: expect.stringMatching(/ends/) } });
    await vi.waitFor(
      () => expect(panelsIn(loopback)).toMatchObject([{ content: expect.stringMatching(/is over: Weekly/) }]),
      SOON,
    );

    const { jobs, manifest, folder: recording } = await recordingOf(folder);
    expect(jobs).toHaveLength(1);
    expect(manifest.speakers).toMatchObject([{ id: ALICE.id }]);
    const chat = await readFile(join(recording, "chat.jsonl"), "utf8");
    expect(chat).toContain("We agreed");
    expect(chat).toContain("And again");
    await vi.waitFor(() => expect(alice.seesDirect()).toHaveLength(1), SOON);
    const [link = ""] = /http\S+\/s\/[\w.-]+/.exec(alice.seesDirect()[0]?.content ?? "") ?? [];
    expect((await fetch(link)).status).toBe(200);
    await alice.press("Open the recording");
    await vi.waitFor(() => expect(alice.sees(CHANNEL_ID).at(-1)?.content).toContain(link), SOON);
    await bob.press("Open the recording");
    await vi.waitFor(() => expect(bob.sees(CHANNEL_ID).at(-1)?.content).toMatch(/^You may not get/), SOON);
    const listed = await alice.use("record list");
    expect(listed).toMatchObject({ message: { content: expect.stringContaining(link), ephemeral: true } });
    await alice.press("Revoke the links of 1");
    await vi.waitFor(async () => expect((await fetch(link)).status).toBe(410), SOON);
    expect((await service.end("SIGTERM")).stderr).not.toContain(loopback.token);
  });

  it("continues through kill -9 of the service: one recording, the same panel, buttons that work", async () => {
    const { loopback, folder, alice } = await server();
    const first = await serve(folder, loopback);
    await alice.use("record start");
    await vi.waitFor(
      () => expect(panelsIn(loopback)).toMatchObject([{ content: expect.stringMatching(/Recording/) }]),
      SOON,
    );
    const [panel] = panelsIn(loopback);
    const workers = loopback.identifies.length;
    await first.end("SIGKILL");
    // Nobody answers, and Discord says so.
    expect((await alice.press("Pause")).kind).toBe("failed");

    const second = await serve(folder, loopback);
    expect(await alice.use("record start")).toMatchObject({
      message: { content: expect.stringMatching(/is being recorded already/) },
    });
    await alice.press("Pause");
    await vi.waitFor(
      () => expect(panelsIn(loopback)).toMatchObject([{ id: panel?.id, content: expect.stringMatching(/Paused/) }]),
      SOON,
    );
    await alice.press("Stop");
    await vi.waitFor(
      () => expect(panelsIn(loopback)).toMatchObject([{ id: panel?.id, content: expect.stringMatching(/is over/) }]),
      SOON,
    );
    const { jobs, manifest } = await recordingOf(folder);
    expect(jobs).toHaveLength(1);
    expect(manifest.warnings).toEqual([]);
    // The resident logged in again, and no worker did.
    expect(loopback.identifies).toHaveLength(workers + 1);
    await second.end("SIGTERM");
  });
});

describe("a token that Discord refuses", () => {
  it("is said in a sentence, and the service works without commands", async () => {
    const { folder } = await server();
    const token = "MTAwMDAwMDAwMDAwMDAwMDAw.abcdef.abcdefghijklmnopqrstuvwxyz0123456789ab";
    const service = await ServeProcess.start(folder, { MEETBOT_BOT_TOKEN: token });
    await vi.waitFor(
      async () =>
        expect(await residentOf(service)).toMatchObject({
          state: "refused",
          why: expect.stringContaining("Discord refused the token in MEETBOT_BOT_TOKEN"),
        }),
      SOON,
    );
    expect(await service.ask("mb_live_wrong", "GET", "/api/v1/jobs")).toBe(401);
    expect((await service.end("SIGTERM")).stderr).not.toContain(token);
  });
});
