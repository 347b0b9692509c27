import { writeFileSync } from "node:fs";

/** A worker that only does what MEETBOT_NOTICE names: `exit N`, or `run`, which ends on SIGTERM. */
const [does = "", code = "0"] = (process.env.MEETBOT_NOTICE ?? "").split(" ");
writeFileSync("seen.json", JSON.stringify({ argv: process.argv, env: process.env, cwd: process.cwd() }));
process.stderr.write("a line of the log\n");
if (does === "exit") process.exit(Number(code));
const address = process.env.MEETBOT_HTTP_ADDRESS_FILE;
if (address !== undefined) writeFileSync(address, "http://127.0.0.1:4711", { mode: 0o600 });
process.on("SIGTERM", () => process.exit(7));
setInterval(() => undefined, 1_000);
