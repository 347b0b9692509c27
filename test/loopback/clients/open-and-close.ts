/**
 * Starts a loopback, breaks off a bot's gateway session on its way into voice, has faults under way that would take
 * minutes, and closes. Then this process must end by itself: nothing here ends it.
 */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WebSocket } from "ws";
import { startLoopback } from "../../../src/loopback/loopback.ts";
import { CHANNEL_ID, GUILD_ID, person, toneCall } from "../../support/tone-call.ts";

const workDir = await mkdtemp(join(tmpdir(), "loopback-"));
const fixture = toneCall([
  { user: person(1), speaksFromMs: 0, packetCount: 500 },
  { user: person(2), speaksFromMs: 0, packetCount: 500 },
]);
const loopback = await startLoopback({ fixture, workDir, otherGuilds: 500 });
const { url } = (await (await fetch(`${loopback.restUrl}/v10/gateway`)).json()) as { url: string };
const socket = new WebSocket(url);
await once(socket, "open");
socket.send(JSON.stringify({ op: 2, d: { token: loopback.token, intents: 129 } }));
socket.send(JSON.stringify({ op: 4, d: { guild_id: GUILD_ID, channel_id: CHANNEL_ID } }));
await new Promise<void>((resolve) => {
  socket.on("message", (data) => {
    if (data.toString().includes("VOICE_SERVER_UPDATE")) resolve();
  });
});
loopback.faults.silenceGateway(600_000);
const migrated = loopback.faults.migrateVoice({ nullEndpointFirstMs: 600_000 });
socket.terminate();
await once(socket, "close");
await loopback.close();
await migrated;
await rm(workDir, { recursive: true });
process.stdout.write(`${JSON.stringify({ type: "closed" })}\n`);
