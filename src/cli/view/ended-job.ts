import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { typed } from "../../invocation.ts";
import type { Manifest } from "../../session/manifest.ts";
import { pathFrom } from "../../text/shell-words.ts";
import { linkByCall } from "./call-link.ts";
import { shownText } from "./charset.ts";
import { summarize } from "./summary.ts";

/**
 * What a person at a terminal sees when a job is over: the call, and how to see and hear it. A link that names the call
 * is made next to its folder.
 *
 * @param debug gets a sentence if there is no link
 */
export function endedJob(manifest: Manifest, manifestUri: string | undefined, debug: (text: string) => void): string {
  const summary = `${shownText(summarize(manifest))}\n`;
  if (manifestUri?.startsWith("file:") !== true) return summary;
  const folder = linkByCall(dirname(fileURLToPath(manifestUri)), manifest, debug);
  return `${summary}to see and hear it: ${typed("report", pathFrom(process.cwd(), folder))}\n`;
}
