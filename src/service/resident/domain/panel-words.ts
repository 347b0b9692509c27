import type { NoticeLanguage } from "../../../session/notice-texts.ts";

/** The words of the panel. Dates and durations are Discord's or plain numbers. */

export interface PanelWords {
  readonly joining: string;
  readonly scheduled: string;
  readonly recording: string;
  readonly paused: string;
  readonly stopped: string;
  readonly saving: string;
  readonly ended: string;
  readonly failed: string;
  readonly cancelled: string;
  readonly channel: string;
  readonly startedBy: (who: string) => string;
  readonly startedByRule: string;
  readonly since: (when: string) => string;
  readonly notes: (count: number) => string;
  readonly lasted: (duration: string) => string;
  readonly spoke: (who: string) => string;
  readonly andMore: (count: number) => string;
  readonly nobodySpoke: string;
  readonly linkUntil: (when: string) => string;
  readonly stop: string;
  readonly pause: string;
  readonly resume: string;
  readonly note: string;
  readonly open: string;
}

export const PANEL_WORDS: Readonly<Record<NoticeLanguage, PanelWords>> = {
  en: {
    joining: "⏳ Joining",
    scheduled: "⏳ Starting",
    recording: "🔴 Recording",
    paused: "⏸️ Paused",
    stopped: "⏹️ Stopped; the bot is still in the channel",
    saving: "💾 Saving",
    ended: "✅ The recording is over",
    failed: "⚠️ The recording failed",
    cancelled: "⏹️ The recording was cancelled",
    channel: "in",
    startedBy: (who) => `Started by ${who}.`,
    startedByRule: "Started by a rule of this server.",
    since: (when) => `Since ${when}.`,
    notes: (count) => (count === 1 ? "1 note." : `${count} notes.`),
    lasted: (duration) => `It lasted ${duration}.`,
    spoke: (who) => `Heard: ${who}.`,
    andMore: (count) => `and ${count} more`,
    nobodySpoke: "Nobody was heard.",
    linkUntil: (when) => `The link works until ${when}.`,
    stop: "Stop",
    pause: "Pause",
    resume: "Resume",
    note: "Add a note",
    open: "Open the recording",
  },
  de: {
    joining: "⏳ Tritt bei",
    scheduled: "⏳ Startet",
    recording: "🔴 Aufnahme läuft",
    paused: "⏸️ Pausiert",
    stopped: "⏹️ Gestoppt; der Bot ist noch im Kanal",
    saving: "💾 Wird gespeichert",
    ended: "✅ Die Aufnahme ist beendet",
    failed: "⚠️ Die Aufnahme ist fehlgeschlagen",
    cancelled: "⏹️ Die Aufnahme wurde abgebrochen",
    channel: "in",
    startedBy: (who) => `Gestartet von ${who}.`,
    startedByRule: "Gestartet von einer Regel dieses Servers.",
    since: (when) => `Seit ${when}.`,
    notes: (count) => (count === 1 ? "1 Notiz." : `${count} Notizen.`),
    lasted: (duration) => `Sie dauerte ${duration}.`,
    spoke: (who) => `Zu hören: ${who}.`,
    andMore: (count) => `und ${count} weitere`,
    nobodySpoke: "Niemand war zu hören.",
    linkUntil: (when) => `Der Link gilt bis ${when}.`,
    stop: "Stoppen",
    pause: "Pausieren",
    resume: "Fortsetzen",
    note: "Notiz",
    open: "Aufnahme öffnen",
  },
};
