import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Makes `config/notice.ogg`, the spoken notice that ships. It needs `espeak-ng` and `opusenc` (Debian's opus-tools); the
 * same versions make the same bytes.
 */
const TEXT = "This voice channel is being recorded.";

const folder = mkdtempSync(join(tmpdir(), "notice-"));
try {
  const spoken = join(folder, "spoken.wav");
  execFileSync("espeak-ng", ["-v", "en-us", "-s", "150", "-w", spoken, TEXT]);
  const target = new URL("../config/notice.ogg", import.meta.url).pathname;
  // Packets of 20 ms, because one is sent every 20 ms.
  const options = ["--quiet", "--serial", "1", "--bitrate", "32", "--framesize", "20", "--discard-comments"];
  execFileSync("opusenc", [...options, spoken, target]);
} finally {
  rmSync(folder, { recursive: true });
}
