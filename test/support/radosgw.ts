import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { freePorts } from "./free-ports.ts";

const run = promisify(execFile);

/** What a client needs to use the server. */
export interface S3Server {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Another user, with the rights in the first user's buckets that their policies give. */
  readonly guest: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export interface Radosgw extends S3Server {
  /** Ends all its processes and removes their files. Idempotent. */
  close(): Promise<void>;
}

/** The programs that it needs, from Debian's packages ceph-mon, ceph-osd, ceph-common and radosgw. */
export const RADOSGW_PROGRAMS = ["ceph-mon", "ceph-osd", "ceph", "radosgw", "radosgw-admin"];

const START_MS = 60_000;
const RECOGNISABLE = {
  accessKeyId: "AKRECOGNISABLEKEYID0",
  secretAccessKey: "recognisable+secret/of-the-test-store+key",
};
const GUEST = { accessKeyId: "AKGUESTGUESTGUESTKEY", secretAccessKey: "the-guest's-recognisable-secret-key" };

/**
 * An S3 server that we did not write: Ceph's, with one monitor and one storage daemon that keeps everything in memory,
 * on 127.0.0.1 and ports that the system picks. Takes some 12 s to start, and 300 MB.
 */
export async function startRadosgw(): Promise<Radosgw> {
  const directory = await mkdtemp(join(tmpdir(), "meetbot-radosgw-"));
  const children: ChildProcess[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(children.map(stop));
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const endpoint = await start(directory, children);
    return { endpoint, ...RECOGNISABLE, guest: GUEST, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(directory: string, children: ChildProcess[]): Promise<string> {
  const [monitorPort, port] = await freePorts(2);
  const fsid = randomUUID();
  const configFile = join(directory, "ceph.conf");
  await writeFile(configFile, configuration({ directory, fsid, monitorPort, port }));
  for (const folder of ["mon", "osd", "run", "log"]) await mkdir(join(directory, folder));
  const tool = (program: string, ...args: string[]) => run(program, ["-c", configFile, ...args], { timeout: START_MS });
  const daemon = (program: string, ...args: string[]): void => {
    // If this process is killed, the kernel ends them.
    const command = ["--pdeathsig", "KILL", program, "-c", configFile, "-f", ...args];
    children.push(spawn("setpriv", command, { stdio: "ignore" }));
  };

  const map = join(directory, "monmap");
  await run("monmaptool", ["--create", "--fsid", fsid, "--addv", "a", `[v2:127.0.0.1:${monitorPort}]`, map]);
  await tool("ceph-mon", "--mkfs", "-i", "a", "--monmap", map);
  daemon("ceph-mon", "-i", "a");
  const osd = randomUUID();
  await tool("ceph", "osd", "new", osd);
  await tool("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd);
  daemon("ceph-osd", "-i", "0");
  // The file does not change the program's defaults for these two.
  daemon("radosgw", "-n", "client.rgw.a", "--auth_client_required", "none", "--ms_mon_client_mode", "crc");
  const endpoint = `http://127.0.0.1:${port}`;
  await untilAnswering(endpoint, join(directory, "log"), children);
  const user = (uid: string, { accessKeyId, secretAccessKey }: typeof RECOGNISABLE) =>
    tool(
      "radosgw-admin",
      ...["user", "create", "--uid", uid, "--display-name", uid],
      ...["--access-key", accessKeyId, "--secret-key", secretAccessKey],
    );
  await user("owner", RECOGNISABLE);
  await user("guest", GUEST);
  return endpoint;
}

interface Places {
  readonly directory: string;
  readonly fsid: string;
  readonly monitorPort: number;
  readonly port: number;
}

function configuration({ directory, fsid, monitorPort, port }: Places): string {
  return `[global]
fsid = ${fsid}
mon_host = [v2:127.0.0.1:${monitorPort}]
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
auth_allow_insecure_global_id_reclaim = true
osd_pool_default_size = 1
osd_pool_default_min_size = 1
mon_allow_pool_size_one = true
osd_crush_chooseleaf_type = 0
osd_pool_default_pg_num = 8
osd_pool_default_pgp_num = 8
osd_pool_default_pg_autoscale_mode = off
osd_objectstore = memstore
memstore_device_bytes = 4294967296
run_dir = ${directory}/run
log_file = ${directory}/log/$name.log
admin_socket =
pid_file =
mon_data = ${directory}/mon
osd_data = ${directory}/osd
rgw_data = ${directory}/rgw
rgw_frontends = beast endpoint=127.0.0.1:${port}
`;
}

async function untilAnswering(endpoint: string, logs: string, children: readonly ChildProcess[]): Promise<void> {
  for (const deadline = Date.now() + START_MS; ; await sleep(200)) {
    try {
      if ((await fetch(endpoint)).ok) return;
    } catch (error) {
      const dead = children.find(({ exitCode }) => exitCode !== null);
      if (dead === undefined && Date.now() < deadline) continue;
      const log = await readFile(join(logs, "client.rgw.a.log"), "utf8").catch(() => "it has written no log");
      throw new Error(`radosgw did not start:\n${log.slice(-2_000)}`, { cause: error });
    }
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  // Everything is in memory, so nothing has to be finished.
  child.kill("SIGKILL");
  await ended;
}

/** `npm run s3`: one for a person to try, until Ctrl-C. */
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { endpoint, accessKeyId, secretAccessKey, close } = await startRadosgw();
  process.stdout.write(`export MEETBOT_STORAGE_URI=s3://recordings MEETBOT_S3_ENDPOINT=${endpoint} MEETBOT_S3_REGION=us-east-1 \\
  MEETBOT_S3_FORCE_PATH_STYLE=true AWS_ACCESS_KEY_ID=${accessKeyId} AWS_SECRET_ACCESS_KEY=${secretAccessKey}
# makes the bucket; Ctrl-C here ends the server
curl --aws-sigv4 aws:amz:us-east-1:s3 --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \\
  -H "x-amz-content-sha256: UNSIGNED-PAYLOAD" -X PUT "$MEETBOT_S3_ENDPOINT/recordings"
`);
  process.once("SIGINT", close);
  process.once("SIGTERM", close);
}
