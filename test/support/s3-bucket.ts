import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { missing } from "./audio-programs.ts";
import { RADOSGW_PROGRAMS, type S3Server } from "./radosgw.ts";

const run = promisify(execFile);

/** Why tests with an S3 server are skipped, or false. */
export function missingS3(): string | false {
  return [...RADOSGW_PROGRAMS, "curl"].map((program) => missing(program)).find((reason) => reason !== false) ?? false;
}

/** A new bucket for a test. It uses curl, which signs its requests itself. */
export class TestBucket {
  readonly name = `test-${randomUUID()}`;
  readonly #server: S3Server;

  private constructor(server: S3Server) {
    this.#server = server;
  }

  /** @param options.locked whether objects can be locked; the bucket keeps versions then */
  static async create(server: S3Server, { locked = false } = {}): Promise<TestBucket> {
    const bucket = new TestBucket(server);
    await bucket.#curl("", "-X", "PUT", ...(locked ? ["-H", "x-amz-bucket-object-lock-enabled: true"] : []));
    return bucket;
  }

  /** The settings of a worker that uses this bucket. They hide the machine's own AWS settings. */
  environment(prefix: string, endpoint = this.#server.endpoint): Record<string, string> {
    return {
      MEETBOT_STORAGE_URI: `s3://${this.name}/${prefix}`,
      MEETBOT_S3_ENDPOINT: endpoint,
      MEETBOT_S3_REGION: "us-east-1",
      MEETBOT_S3_FORCE_PATH_STYLE: "true",
      AWS_ACCESS_KEY_ID: this.#server.accessKeyId,
      AWS_SECRET_ACCESS_KEY: this.#server.secretAccessKey,
      AWS_EC2_METADATA_DISABLED: "true",
      HOME: "/nonexistent",
    };
  }

  /** Downloads its objects into a folder. */
  async fetchInto(directory: string): Promise<void> {
    await mkdir(directory, { recursive: true });
    for (const key of await this.keys()) await writeFile(join(directory, basename(key)), (await this.get(key)) ?? "");
  }

  /** @returns undefined if there is no such object */
  async get(key: string): Promise<Buffer | undefined> {
    return (await this.keys()).includes(key) ? await this.#curl(`/${encodeURI(key)}`) : undefined;
  }

  async put(key: string, content: Buffer): Promise<void> {
    const path = join(await mkdtemp(join(tmpdir(), "meetbot-test-")), "content");
    await writeFile(path, content);
    await this.#curl(`/${encodeURI(key)}`, "-X", "PUT", "--data-binary", `@${path}`);
  }

  /** Allows these actions on these keys to the server's guest. */
  async allowGuest(actions: readonly string[], keys: string): Promise<void> {
    const statement = {
      Effect: "Allow",
      Principal: { AWS: ["arn:aws:iam:::user/guest"] },
      Action: actions,
      Resource: [`arn:aws:s3:::${this.name}/${keys}`],
    };
    const policy = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
    await this.#curl("?policy=", "-X", "PUT", "--data-binary", policy);
  }

  async remove(key: string): Promise<void> {
    await this.#curl(`/${encodeURI(key)}`, "-X", "DELETE");
  }

  async keys(): Promise<string[]> {
    return tagsOf(await this.#curl("?list-type=2"), "Key");
  }

  /** The keys of multipart uploads that are neither complete nor aborted. */
  async unfinishedUploads(): Promise<string[]> {
    return tagsOf(await this.#curl("?uploads="), "Key");
  }

  async #curl(path: string, ...options: string[]): Promise<Buffer> {
    const { endpoint, accessKeyId, secretAccessKey } = this.#server;
    const signing = ["--aws-sigv4", "aws:amz:us-east-1:s3", "--user", `${accessKeyId}:${secretAccessKey}`];
    // curl 7.88 leaves this header out, which S3 asks for.
    const header = ["-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD"];
    const args = ["-sS", "--fail", ...signing, ...header, ...options, `${endpoint}/${this.name}${path}`];
    const { stdout } = await run("curl", args, { encoding: "buffer", maxBuffer: 1 << 30 });
    return stdout;
  }
}

function tagsOf(xml: Buffer, tag: string): string[] {
  return [...xml.toString("utf8").matchAll(new RegExp(`<${tag}>([^<]*)</${tag}>`, "g"))].map(([, text = ""]) => text);
}
