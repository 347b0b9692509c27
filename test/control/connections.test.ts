import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import { describe, expect, it, onTestFinished, test } from "vitest";
import { WORKER_LIMITS } from "../../src/control/limits.ts";
import { boundedServer } from "../../src/http/bounded-server.ts";
import { missing } from "../support/audio-programs.ts";
import { controlServer } from "../support/control-server.ts";

/** Resolves also if the connection is reset, which `once` takes for a failure. */
const closedOf = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once("close", () => resolve()));

/** Sends bytes and gives what comes back until the server closes the connection. */
async function exchange(address: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(address);
  const socket = connect(Number(port), hostname);
  let answer = "";
  socket.setEncoding("latin1").on("data", (text: string) => {
    answer += text;
  });
  socket.on("error", () => undefined); // a connection that is refused may be reset
  socket.write(bytes);
  await closedOf(socket);
  return answer;
}

const get = (path: string, ...headers: string[]): string =>
  `${[`GET ${path} HTTP/1.1`, "Connection: close", ...headers].join("\r\n")}\r\n\r\n`;

/** Status and JSON body of an answer. */
function read(answer: string) {
  const [head = "", body = ""] = answer.split("\r\n\r\n");
  return { status: Number(head.split(" ")[1]), code: JSON.parse(body).code, isJson: head.includes("application/json") };
}

describe("a malformed request", () => {
  it.each<[string, string, number, string]>([
    ["with an address that is not a text", get("/%ff%fe", "Host: localhost"), 400, "invalid_input"],
    ["that is not HTTP", "220 mail ESMTP\r\n\r\n", 400, "invalid_input"],
    [
      "with two lengths",
      get("/", "Host: localhost", "Content-Length: 1", "Transfer-Encoding: chunked"),
      400,
      "invalid_input",
    ],
    ["without a Host", get("/healthz"), 400, "invalid_input"],
    ["with an expectation", get("/healthz", "Host: localhost", "Expect: miracles"), 400, "invalid_input"],
    ["with headers of 20 KB", get("/", "Host: localhost", `X: ${"x".repeat(20_000)}`), 431, "headers_too_large"],
    ["with two Host headers", get("/metrics", "Host: localhost", "Host: attacker.example"), 400, "invalid_input"],
    ["with a % and no number", get("/%zz", "Host: localhost"), 400, "invalid_input"],
    ["without a version, as in HTTP/0.9", "GET /metrics\r\n\r\n", 400, "invalid_input"],
    ["of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "invalid_input"],
    ["with a method that nobody knows", "BREW /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", 405, "method_not_allowed"],
    ["with such a method for nothing", "BREW /pot HTTP/1.1\r\nHost: localhost\r\n\r\n", 404, "not_found"],
    [
      "with another host in its target",
      get("http://attacker.example/metrics", "Host: localhost"),
      421,
      "unexpected_host",
    ],
    ["for another host", get("/metrics", "Host: attacker.example"), 421, "unexpected_host"],
  ])("%s is answered with an Error of ours", async (_, bytes, status, code) => {
    const { address } = await controlServer();
    expect(read(await exchange(address, bytes))).toEqual({ status, code, isJson: true });
  });
});

it.each([
  ["BREW", "/healthz", "GET, HEAD"],
  ["QUERY", "/metrics?x=1", "GET, HEAD"],
  ["TRACE", "/healthz", "GET, HEAD"],
  ["OPTIONS", "/readyz", "GET, HEAD"],
  ["PUT", "/api/v1/jobs/job_1", "DELETE, GET, HEAD"],
  ["get", "/api/v1/jobs/job_1/pause-recording", "POST"],
])("%s at %s is answered with 405 and the methods that are allowed", async (method, path, allowed) => {
  const { address } = await controlServer();
  const answer = await exchange(address, `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1\.1 405 /);
  expect(/^allow: (.*)\r$/im.exec(answer)?.[1]).toBe(allowed);
});

it("a tunnel (CONNECT) is refused by closing the connection, and the server keeps running", async () => {
  const { address, ask } = await controlServer();
  expect(await exchange(address, "CONNECT example.org:443 HTTP/1.1\r\nHost: localhost\r\n\r\n")).toBe("");
  expect((await ask("GET", "/healthz")).status).toBe(200);
});

it.each([
  ["that asks for another protocol", get("/healthz", "Host: localhost", "Upgrade: websocket")],
  ["with its own host in its target", get("http://localhost/healthz", "Host: localhost")],
  ["of HTTP/1.0 without a Host", "GET /healthz HTTP/1.0\r\n\r\n"],
])("a request %s is answered like any other", async (_, bytes) => {
  const { address } = await controlServer();
  expect(await exchange(address, bytes)).toMatch(/^HTTP\/1\.1 200 /);
});

describe("a Host header", () => {
  it.each([
    "localhost",
    "LOCALHOST:80",
    "127.0.0.1:8080",
    "10.1.2.3",
    "[::1]:8080",
    "recorder.example",
    "Recorder.example.:80",
  ])("%s is answered", async (host) => {
    const { address } = await controlServer({ allowedHosts: ["recorder.example"] });
    expect(await exchange(address, get("/healthz", `Host: ${host}`))).toMatch(/^HTTP\/1\.1 200 /);
  });

  it.each([
    "attacker.example",
    "localhost.attacker.example",
    "127.0.0.1.attacker.example",
    "",
    "localhost:80:80",
    "[::1",
    "x@localhost",
  ])("%j is refused, at the job's address too", async (host) => {
    const { address } = await controlServer({ allowedHosts: ["recorder.example"] });
    for (const path of ["/metrics", "/api/v1/jobs/job_1"]) {
      expect(await exchange(address, get(path, `Host: ${host}`))).toMatch(/^HTTP\/1\.1 421 /);
    }
  });
});

describe("a client that sends requests and never reads the answers", () => {
  it("has its connection closed after a few answers", async () => {
    const { address, ask } = await controlServer();
    const request = "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const answer = await exchange(address, request.repeat(2_000));
    expect(answer.split("HTTP/1.1 200 OK").length - 1).toBeLessThanOrEqual(4);
    expect((await ask("GET", "/healthz")).status).toBe(200);
  });

  it("has its connection closed before the rest of its requests is parsed", async () => {
    const request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const server = boundedServer(() => undefined, {
      limits: WORKER_LIMITS,
      hostnames: [],
      unexpectedHost: "",
      allowedAt: () => [],
    });
    onTestFinished(() => void server.close());
    let parsed = 0;
    server.on("request", () => {
      parsed += 1;
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    expect(await exchange(`http://127.0.0.1:${port}`, request.repeat(3_000))).toBe("");
    expect(parsed).toBeGreaterThan(WORKER_LIMITS.maxWaitingRequests);
    expect(parsed).toBeLessThan(WORKER_LIMITS.maxWaitingRequests + WORKER_LIMITS.sliceBytes / request.length);
  });

  it("has at most sixteen connections at once", async () => {
    const { address, ask } = await controlServer();
    const { hostname, port } = new URL(address);
    const sockets = Array.from({ length: 40 }, () => connect(Number(port), hostname).on("error", () => undefined));
    const closed = sockets.map(closedOf);
    await Promise.all(closed.slice(0, 24).map(() => Promise.race(closed)));
    await expect.poll(() => sockets.filter((socket) => socket.readyState === "open").length).toBeLessThanOrEqual(16);
    for (const socket of sockets) socket.destroy();
    await expect.poll(async () => (await ask("GET", "/healthz").catch(() => undefined))?.status).toBe(200);
  });
});

test("A client that sends a request byte by byte, or never ends its body, gets 408 and is disconnected.", async () => {
  const server = boundedServer(() => undefined, {
    limits: WORKER_LIMITS,
    hostnames: [],
    unexpectedHost: "",
    allowedAt: () => [],
  });
  onTestFinished(() => void server.close());
  server.headersTimeout = 100;
  server.requestTimeout = 100;
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const drip = async (begin: string): Promise<string> => {
    const socket = connect(port, "127.0.0.1").on("error", () => undefined);
    let answer = "";
    socket.setEncoding("latin1").on("data", (text: string) => {
      answer += text;
    });
    socket.write(begin);
    const timer = setInterval(() => socket.write("x"), 20);
    await closedOf(socket);
    clearInterval(timer);
    return answer;
  };
  const head = "POST / HTTP/1.1\r\nHost: localhost\r\n";
  const answers = await Promise.all([drip(`${head}X: `), drip(`${head}Content-Length: 16000\r\n\r\n`)]);
  for (const answer of answers) {
    expect(read(answer)).toEqual({ status: 408, code: "request_timeout", isJson: true });
  }
});

test.skipIf(missing("promtool"))("promtool finds nothing wrong with the metrics.", async () => {
  const { ask } = await controlServer();
  const { text } = await ask("GET", "/metrics");
  expect(execFileSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" })).toBe("");
});

test("A connection on which nothing is sent is closed as one with half a request is; a used one may be idle for longer.", async () => {
  const limits = { ...WORKER_LIMITS, headersMs: 200, idleMs: 60_000 };
  const server = boundedServer((_request, response) => response.end("ok"), {
    ...{ limits, hostnames: [], unexpectedHost: "", allowedAt: () => [] },
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const [silent, used] = [connect(port, "127.0.0.1"), connect(port, "127.0.0.1")];
  used.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await once(used, "data");
  await closedOf(silent);
  used.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  expect(String((await once(used, "data"))[0])).toContain("200");
  used.destroy();
});
