/** What somebody in Discord asks of the resident, without the form in which Discord sends it. */

export interface Asker {
  readonly userId: string;
  /** As the server shows them. */
  readonly name: string;
  readonly roleIds: readonly string[];
  /** Discord's permission bits in the channel of the request. */
  readonly permissions: bigint;
  /** The voice channel that they are in. */
  readonly voiceChannelId: string | null;
}

interface Place {
  readonly interactionId: string;
  readonly guildId: string;
  /** Where they asked. */
  readonly channelId: string;
  readonly asker: Asker;
  /** The language of their client, such as `pt-BR`. */
  readonly locale: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

export interface CommandRequest extends Place {
  /** By name; users, channels and roles by id. Discord has checked the types. */
  readonly options: Readonly<Record<string, string | number | boolean>>;
  /** The asker's permissions in the channels among the options. */
  readonly channelPermissions: ReadonlyMap<string, bigint>;
}

/** Somebody is typing the value of an option. */
export interface CompletionRequest extends CommandRequest {
  readonly focused: string;
}

/** A button or menu of ours. */
export interface ComponentRequest extends Place {
  /** The parts of its id after `record:`, which colons separate. */
  readonly parts: readonly string[];
  /** What was chosen in a menu. */
  readonly values: readonly string[];
  /** The message that it is below. */
  readonly messageId: string;
}

/** A modal that was filled in. */
export interface ModalRequest extends Place {
  readonly parts: readonly string[];
  /** By the fields' ids. */
  readonly fields: Readonly<Record<string, string>>;
}

export interface Button {
  /** Begins with `record:`, unless the worker of the same bot answers it. */
  readonly id: string;
  readonly label: string;
  readonly style: "primary" | "secondary" | "success" | "danger";
  readonly disabled?: boolean;
}

export interface LinkButton {
  readonly url: string;
  readonly label: string;
}

/** A sentence or more, and rows of up to five buttons. */
export interface Answer {
  readonly text: string;
  readonly rows?: readonly (readonly (Button | LinkButton)[])[];
}

export interface Modal {
  /** Begins with `record:`. */
  readonly id: string;
  /** At most 45 characters. */
  readonly title: string;
  readonly fields: readonly ModalField[];
}

export interface ModalField {
  readonly id: string;
  /** At most 45 characters. */
  readonly label: string;
  readonly lines: "one" | "several";
  readonly maxLength: number;
  readonly required: boolean;
  readonly value?: string;
}

export interface Choice {
  readonly name: string;
  readonly value: string | number;
}

/** What one sub-command does. Its answer is seen by the asker only, unless `isPublic`. */
export interface CommandHandler {
  readonly run: (request: CommandRequest) => Promise<Answer>;
  readonly complete?: (request: CompletionRequest) => Promise<readonly Choice[]>;
  readonly isPublic?: boolean;
}

/** What a button or menu does. A modal must be opened at once, because Discord waits 3 s for it. */
export type ComponentHandler =
  | { readonly opens: (request: ComponentRequest) => Modal }
  /** Only the asker sees the answer; undefined changes nothing but the panel. */
  | { readonly run: (request: ComponentRequest) => Promise<Answer | undefined> };

export type ModalHandler = (request: ModalRequest) => Promise<Answer | undefined>;

/** Commands by their words after `/record`, such as `settings show`; components and modals by the first part of their id. */
export interface Handlers {
  readonly commands: Readonly<Record<string, CommandHandler>>;
  readonly components: Readonly<Record<string, ComponentHandler>>;
  readonly modals: Readonly<Record<string, ModalHandler>>;
}
