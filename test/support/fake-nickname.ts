import type { Nickname } from "../../src/recording/ports.ts";

/** The nickname of a bot called "Recorder". */
export class FakeNickname implements Nickname {
  name = "Recorder";

  async prefix(prefix: string): Promise<void> {
    this.name = `${prefix}Recorder`;
  }

  async restore(): Promise<void> {
    this.name = "Recorder";
  }
}
