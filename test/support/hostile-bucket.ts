import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** The answer to a request: an object's content, another status, or endless bytes. */
export type HostileAnswer =
  | Uint8Array
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  | { readonly endless: true; readonly status?: number; readonly contentLength?: number };

const PIECE = Buffer.alloc(1 << 20, " ");

/** An S3 server on 127.0.0.1 that gives the answers that a test sets: one bucket `b` with the prefix `p/job_1/`. */
export class HostileBucket {
  readonly #server: Server;
  readonly #answers: ReadonlyMap<string, HostileAnswer>;
  /** Bytes sent so far in endless answers. */
  endlessBytes = 0;

  private constructor(answers: ReadonlyMap<string, HostileAnswer>) {
    this.#answers = answers;
    this.#server = createServer((request, response) => {
      const name = decodeURIComponent((request.url ?? "").split("?")[0] ?? "").split("/job_1/")[1] ?? "";
      this.#answer(this.#answers.get(name), response);
    });
  }

  /** @param answers by the object's name in the job's folder */
  static async start(answers: ReadonlyMap<string, HostileAnswer>): Promise<HostileBucket> {
    const bucket = new HostileBucket(answers);
    await new Promise<void>((resolve) => bucket.#server.listen(0, "127.0.0.1", resolve));
    return bucket;
  }

  readonly job = "s3://bkt/p/job_1";

  get environment(): Record<string, string> {
    const { port } = this.#server.address() as AddressInfo;
    return {
      MEETBOT_S3_ENDPOINT: `http://127.0.0.1:${port}`,
      MEETBOT_S3_REGION: "us-east-1",
      MEETBOT_S3_FORCE_PATH_STYLE: "true",
      AWS_ACCESS_KEY_ID: "AKIAEXAMPLEEXAMPLE",
      AWS_SECRET_ACCESS_KEY: "not-a-secret-of-anybody",
      AWS_EC2_METADATA_DISABLED: "true",
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(answer: HostileAnswer | undefined, response: ServerResponse): void {
    if (answer === undefined) {
      response.writeHead(404).end("<Error><Code>NoSuchKey</Code></Error>");
    } else if (answer instanceof Uint8Array) {
      response.writeHead(200, { "content-length": answer.length }).end(answer);
    } else if ("endless" in answer) {
      const { status = 200, contentLength } = answer;
      response.writeHead(status, contentLength === undefined ? {} : { "content-length": contentLength });
      const pour = (): void => {
        while (!response.destroyed) {
          this.endlessBytes += PIECE.length;
          if (!response.write(PIECE)) break;
        }
      };
      response.on("drain", pour);
      pour();
    } else {
      response.writeHead(answer.status, answer.headers ?? {}).end(answer.body ?? "");
    }
  }
}
