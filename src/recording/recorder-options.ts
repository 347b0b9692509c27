import type { Log } from "../log.ts";
import type { JobLine } from "../session/journal.ts";
import type { AutoLeaveOptions } from "../session/leaving/auto-leave.ts";
import type { ConsentOptions } from "./call/consent-desk.ts";
import type { AttachmentLimits } from "./job/attachments.ts";
import type { SpoolSpaceOptions } from "./job/spool-space.ts";
import type { Announcer } from "./ports/announcer.ts";
import type { ChatSource } from "./ports/chat.ts";
import type { Clock } from "./ports/clock.ts";
import type { EventSink } from "./ports/event-sink.ts";
import type { CallObserver } from "./ports/observer.ts";
import type { Spool } from "./ports/spool.ts";
import type { Storage } from "./ports/storage.ts";
import type { SpokenNotice, VoiceSource } from "./ports/voice.ts";
import type { NewestPackets } from "./tracks/newest-packets.ts";
import type { RotationOptions } from "./tracks/track.ts";

export interface RecorderPorts {
  readonly clock: Clock;
  readonly voice: VoiceSource;
  readonly chat: ChatSource | undefined;
  readonly announcer: Announcer;
  readonly spool: Spool;
  readonly storage: Storage;
  readonly observer: CallObserver | undefined;
  /** Set if speech levels are displayed; otherwise undefined. */
  readonly newestPackets: NewestPackets | undefined;
  readonly eventSink: EventSink;
  readonly log: Log;
}

export interface RecorderOptions {
  readonly job: Omit<JobLine, "type" | "version">;
  readonly rotation: RotationOptions;
  readonly autoLeave: AutoLeaveOptions;
  readonly spoolSpace: SpoolSpaceOptions;
  readonly consent: ConsentOptions;
  /** Undefined if nothing is spoken. */
  readonly spokenNotice: SpokenNotice | undefined;
  /** Undefined if attachments must not be fetched. */
  readonly attachments: Omit<AttachmentLimits, "keepFreeBytes"> | undefined;
}
