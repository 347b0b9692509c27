import { onTestFinished } from "vitest";
import { startHttpServer } from "../../src/control/server.ts";
import type { ControlledJob } from "../../src/control/verbs.ts";
import type { CallEnd } from "../../src/session/exit.ts";
import { type MemoryCall, memoryCall } from "./memory-call.ts";
import { silentLog } from "./silent-log.ts";

export const TOKEN = "a-token-for-control";

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The answer's JSON, if it is JSON. */
  readonly json: unknown;
}

export interface AskOptions {
  /** By default the right token; undefined sends none. */
  readonly token?: string | undefined;
  /** Sent as JSON; a text is sent unchanged. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A job in memory behind the real server, closed when the test is over. */
export async function controlServer(
  options: {
    token?: string | undefined;
    job?: Partial<ControlledJob>;
    allowedHosts?: readonly string[];
    recordsChat?: boolean;
  } = {},
) {
  const call: MemoryCall = memoryCall({}, { recordsChat: options.recordsChat ?? true });
  const { recorder } = call;
  const job = {
    status: () => recorder.status(),
    end: (end: CallEnd) => recorder.end(end),
    call: recorder.call,
    ...options.job,
  };
  const token = "token" in options ? options.token : TOKEN;
  const server = await startHttpServer({
    ...{ host: "127.0.0.1", port: 0, token, job, log: silentLog },
    allowedHosts: options.allowedHosts ?? [],
  });
  onTestFinished(() => server.close());
  const ask = async (method: string, path: string, asked: AskOptions = {}): Promise<Asked> => {
    const sent = "token" in asked ? asked.token : TOKEN;
    const { body } = asked;
    const response = await fetch(`${server.address}${path}`, {
      method,
      headers: {
        ...(sent === undefined ? {} : { authorization: `Bearer ${sent}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...asked.headers,
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
    const { status, headers } = response;
    return { method, path, status, headers, text, json: isJson ? JSON.parse(text) : undefined };
  };
  const verb = (name: string, asked?: AskOptions) => ask("POST", `/api/v1/jobs/job_1/${name}`, asked);
  return { call, address: server.address, ask, verb };
}
