import type { NewestPackets } from "../../recording/tracks/newest-packets.ts";
import { LevelMeter } from "./level-meter.ts";
import { LiveView } from "./live-view.ts";

/** The view of a call on standard error. Loaded only at a terminal: measuring text takes 10 ms of each start. */
export function openLiveView(newestPackets: NewestPackets): LiveView {
  return new LiveView(process.stderr, new LevelMeter(newestPackets));
}
