import { type Manifest, manifestSchema } from "../../src/session/manifest.ts";
import { chatMessage } from "./chat-message.ts";
import { memoryCall } from "./memory-call.ts";
import { FLAGS, somebody } from "./people.ts";
import { settle } from "./virtual-clock.ts";

/** A short call of one speaker and some chat, recorded from start to end. */
export async function recordInMemory(): Promise<{ files: ReadonlyMap<string, Buffer>; manifest: Manifest }> {
  const { clock, voice, chat, storage, recorder, speak } = memoryCall();
  const result = recorder.run();
  await settle();
  const alice = somebody(1);
  voice.listener?.roster({ kind: "join", person: alice, flags: FLAGS });
  for (let packet = 0; packet < 100; packet += 1) {
    speak(alice.id);
    await clock.advance(20);
  }
  voice.listener?.dropped("auth_failed", undefined);
  for (const id of ["300000000000000001", "300000000000000002"]) {
    const author = { id: alice.id, username: alice.username, displayName: alice.displayName, bot: false };
    chat.listener?.chatted(chatMessage({ id, channelId: "100000000000000003" }, author));
  }
  voice.listener?.roster({ kind: "leave", userId: alice.id });
  await clock.advance(60_000);
  const { exitCode } = await result;
  if (exitCode !== 0) throw new Error(`recording in memory exited ${exitCode}`);
  const manifest = manifestSchema.parse(JSON.parse(storage.files.get("manifest.json")?.toString("utf8") ?? ""));
  return { files: storage.files, manifest };
}
