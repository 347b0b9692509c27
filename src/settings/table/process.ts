import type { Setting } from "./setting.ts";
import { httpUrl, oneOf, path, yesOrNo } from "./types.ts";

/** Settings of the process, for unusual cases and for developers. */
export const PROCESS_SETTINGS = [
  {
    name: "MEETBOT_ON_MOVED",
    key: "onMoved",
    type: oneOf("follow", "leave"),
    default: "follow",
    meaning: "what to do if somebody moves the bot to another voice channel",
  },
  {
    name: "MEETBOT_TAKEOVER",
    key: "takeover",
    type: yesOrNo,
    default: false,
    meaning:
      "join even if the bot is in a voice channel of the server through another session; that session then loses its call",
  },
  {
    name: "MEETBOT_RECORD_PLAINTEXT",
    key: "recordPlaintext",
    type: yesOrNo,
    default: false,
    meaning:
      "also record audio without end-to-end encryption in an encrypted call; Discord's own clients do not play it. The manifest counts it (`e2ee.plaintextPackets`)",
  },
  {
    name: "MEETBOT_BATCHED_RECEIVE",
    key: "batchedReceive",
    type: yesOrNo,
    default: true,
    meaning:
      "read many voice packets in one system call, which takes less CPU and gives exact times of arrival. It needs Linux on x64 or arm64 and the optional package `koffi`; otherwise Node.js reads them one by one",
  },
  {
    name: "MEETBOT_DISCORD_API",
    key: "discordApi",
    type: httpUrl,
    default: undefined,
    defaultText: "Discord's",
    meaning: "base URL of the REST API without a version: a proxy, or the loopback",
  },
  {
    name: "MEETBOT_CAPTURE_DIR",
    key: "captureDir",
    type: path,
    default: undefined,
    meaning: "also write the call as a fixture for `replay`, into `<dir>/<jobId>/`",
  },
  {
    name: "MEETBOT_LOG_LEVEL",
    key: "logLevel",
    type: oneOf("trace", "debug", "info", "warn", "error", "silent"),
    default: "info",
    meaning: "how much is logged on standard error: JSON lines, or readable lines at a terminal",
  },
] as const satisfies readonly Setting[];
