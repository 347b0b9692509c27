import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { V1Container, V1Job, V1Probe } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import type { Loopback } from "../../src/loopback/loopback.ts";
import { verifyRecording } from "../../src/recording/verify.ts";
import { type Manifest, manifestSchema } from "../../src/session/manifest.ts";
import { RecordingFolder } from "../../src/storage/recording-folder.ts";
import { freePorts } from "../support/free-ports.ts";
import { schemaFaults } from "../support/kubernetes-schema.ts";
import { TestPod } from "../support/pod.ts";
import { testLoopback } from "../support/test-loopback.ts";
import { person, toneCall } from "../support/tone-call.ts";
import { runCommand } from "../support/worker.ts";

const CALL = toneCall(
  [1, 2].map((index) => ({ user: person(index), speaksFromMs: 0, packetCount: 250, leavesAtMs: 5_500 })),
);
const CONTROL_TOKEN = "token-of-the-test";

/** The output of `job-manifest` for a call of the loopback, with both volumes. */
async function printedJob(loopback: Loopback, jobId: string): Promise<V1Job> {
  const [port] = await freePorts(1);
  const { exitCode, stdout, stderr } = await runCommand(
    ["job-manifest", "--json", "--storage-claim", "recordings", "--spool-claim", "spool"],
    {
      ...loopback.environment,
      // As a cluster would reach it; an address of this machine is refused.
      MEETBOT_DISCORD_API: "http://discord.example/api",
      MEETBOT_JOB_ID: jobId,
      MEETBOT_HTTP_PORT: String(port),
      MEETBOT_CONTROL_TOKEN: CONTROL_TOKEN,
      MEETBOT_AUTO_LEAVE_AFTER_SOLO_SECONDS: "1",
      MEETBOT_NOTICE: "off",
    },
  );
  expect(stderr).toBe("");
  expect(exitCode).toBe(0);
  expect(stdout).not.toContain(loopback.token);
  expect(stdout).not.toContain(CONTROL_TOKEN);
  const job: V1Job = JSON.parse(stdout);
  expect(schemaFaults(job)).toEqual([]);
  return job;
}

interface Started {
  readonly pod: TestPod;
  readonly record: V1Container;
  readonly recover: V1Container;
  /** What the loopback needs on this machine: its authority and its address. */
  readonly more: Readonly<Record<string, string>>;
}

/** @param root the volumes of an earlier pod */
async function podOf(loopback: Loopback, jobId: string, root?: string): Promise<Started> {
  const secret = { DISCORD_BOT_TOKEN: loopback.token, MEETBOT_CONTROL_TOKEN: CONTROL_TOKEN };
  const pod = await TestPod.create(await printedJob(loopback, jobId), secret, root);
  const [record, recover] = [pod.spec.containers[0], pod.spec.initContainers?.[0]];
  if (record === undefined || recover === undefined) throw new TypeError("the pod lacks a container");
  const { MEETBOT_DISCORD_API = "" } = loopback.environment;
  return { pod, record, recover, more: { NODE_EXTRA_CA_CERTS: loopback.caCertificatePath, MEETBOT_DISCORD_API } };
}

async function recordUntilKilled({ pod, record, more }: Started): Promise<void> {
  const worker = pod.start(record, more);
  await worker.until("participant speaks");
  worker.kill("SIGKILL");
  await worker.result;
}

async function recordedIn(pod: TestPod, jobId: string): Promise<Manifest> {
  const folder = pod.path(`/recordings/${jobId}`);
  expect((await verifyRecording(await RecordingFolder.open(folder))).faults).toEqual([]);
  return manifestSchema.parse(JSON.parse(await readFile(join(folder, "manifest.json"), "utf8")));
}

/** A probe's status, as the kubelet asks for it. */
async function probe({ ports }: V1Container, { httpGet }: V1Probe = {}): Promise<number> {
  const port = ports?.find(({ name }) => name === httpGet?.port)?.containerPort;
  const { status } = await fetch(`http://127.0.0.1:${port}${httpGet?.path}`);
  return status;
}

describe("a printed Job", () => {
  it("records, answers its probes, and writes only to its volumes", async () => {
    const loopback = await testLoopback({ fixture: CALL });
    const { pod, record, recover, more } = await podOf(loopback, "whole");
    const recovery = await pod.run(recover, more);
    expect(recovery.stderr).toContain("0 unfinished jobs");
    expect(recovery.exitCode).toBe(0);

    const worker = pod.start(record, more);
    await worker.until("participant speaks");
    expect(await probe(record, record.startupProbe)).toBe(200);
    expect(await probe(record, record.livenessProbe)).toBe(200);
    expect(await probe(record, record.readinessProbe)).toBe(200);
    const { exitCode, stderr } = await worker.result;
    expect(stderr).not.toContain("ERR_ACCESS_DENIED");
    expect(exitCode).toBe(0);
    const manifest = await recordedIn(pod, "whole");
    expect(manifest).toMatchObject({ exitReason: "alone_in_room", failureCode: null });
    expect(manifest.datagrams.written).toBe(500);
    expect(await readdir(pod.path("/spool"))).toEqual([]);
  });

  it("is finished by its next pod if the first was killed, and not joined again", async () => {
    const loopback = await testLoopback({ fixture: CALL });
    const first = await podOf(loopback, "killed");
    await recordUntilKilled(first);
    const logins = loopback.identifies.length;

    const recovery = await first.pod.run(first.recover, first.more);
    expect(recovery.exitCode).toBe(0);
    expect(await readdir(first.pod.path("/spool"))).toEqual(["killed"]);
    const again = await first.pod.start(first.record, first.more).result;
    expect(again.stderr).toContain("an earlier process left this job unfinished");
    expect(again.exitCode).toBe(0);
    expect(loopback.identifies).toHaveLength(logins);
    expect((await recordedIn(first.pod, "killed")).warnings.map(({ code }) => code)).toContain("recovered");
  });

  it("finishes what another Job left in the shared spool, and starts whatever is in there", async () => {
    const loopback = await testLoopback({ fixture: CALL });
    const other = await podOf(loopback, "other");
    await recordUntilKilled(other);
    const damaged = other.pod.path("/spool/damaged");
    await mkdir(damaged);
    await writeFile(join(damaged, "lock"), "no lock");

    const { pod, recover, more } = await podOf(loopback, "next", other.pod.path("/"));
    const recovery = await pod.run(recover, more);
    expect(recovery.stderr).toContain("not a lock of this program");
    expect(recovery.stderr).toContain("recover exited with 1: what is left waits for another time");
    expect(recovery.exitCode).toBe(0);
    expect((await recordedIn(pod, "other")).warnings.map(({ code }) => code)).toContain("recovered");
    expect(await readdir(pod.path("/spool"))).toEqual(["damaged"]);
  });
});

it("job-manifest reports every problem at once, and then prints no Job", async () => {
  const { exitCode, stdout, stderr } = await runCommand(["job-manifest", "discord://1/2"], {
    MEETBOT_SPOOL_DIR: "/var/spool",
    DISCORD_BOT_TOKEN: "no token",
  });
  expect(exitCode).toBe(1);
  expect(stdout).toBe("");
  expect(stderr).toContain("4 problems:");
  expect(stderr).not.toContain("no token");
});
