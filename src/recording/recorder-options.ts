import type { AutoLeaveOptions } from "../session/auto-leave.ts";
import type { JobLine } from "../session/journal.ts";
import type { ConsentOptions } from "./call/consent-desk.ts";
import type { AttachmentLimits } from "./job/attachments.ts";
import type { SpoolSpaceOptions } from "./job/spool-space.ts";
import type {
  AttachmentSource,
  ButtonSource,
  CallObserver,
  ChatSource,
  Clock,
  Log,
  Messenger,
  Nickname,
  Reporter,
  SpokenNotice,
  Spool,
  Storage,
  VoiceSource,
} from "./ports.ts";
import type { NewestPackets } from "./tracks/newest-packets.ts";
import type { RotationOptions } from "./tracks/track.ts";

export interface RecorderPorts {
  readonly clock: Clock;
  readonly voice: VoiceSource;
  readonly chat: ChatSource | undefined;
  /** Undefined if attachments are not to be fetched. */
  readonly attachments: AttachmentSource | undefined;
  readonly messenger: Messenger;
  readonly buttons: ButtonSource;
  readonly nickname: Nickname;
  readonly spool: Spool;
  readonly storage: Storage;
  readonly observer: CallObserver | undefined;
  /** If somebody watches how loud people are; undefined if nobody does. */
  readonly newestPackets: NewestPackets | undefined;
  readonly reporter: Reporter;
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
  readonly attachments: Omit<AttachmentLimits, "keepFreeBytes">;
}
