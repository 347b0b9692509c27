import { closeSync, mkdirSync, readFileSync, writeFileSync, writeSync } from "node:fs";

/**
 * A worker that only does what MEETBOT_NOTICE names: `exit N`, or `run`, which ends on SIGTERM. As `await-job` it says that
 * it is ready, and waits for a job on standard input.
 */
if (process.argv[2] === "await-job") {
  writeFileSync("waits.json", JSON.stringify({ argv: process.argv, env: process.env, pid: process.pid }));
  writeSync(3, "ready\n");
  closeSync(3);
  // Read to its end, which comes with the job or with the service's end.
  const line = readFileSync(0, "utf8");
  if (line === "") process.exit(0);
  const { folder, started, environment } = JSON.parse(line);
  process.chdir(folder);
  mkdirSync(started);
  Object.assign(process.env, environment);
}
const [does = "", code = "0"] = (process.env.MEETBOT_NOTICE ?? "").split(" ");
writeFileSync("seen.json", JSON.stringify({ argv: process.argv, env: process.env, cwd: process.cwd() }));
process.stderr.write("a line of the log\n");
if (does === "exit") process.exit(Number(code));
const address = process.env.MEETBOT_HTTP_ADDRESS_FILE;
process.on("SIGTERM", () => process.exit(7));
if (address !== undefined) writeFileSync(address, "http://127.0.0.1:4711", { mode: 0o600 });
setInterval(() => undefined, 1_000);
