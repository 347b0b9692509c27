import type { ButtonPress, ButtonSource } from "../../src/recording/ports.ts";
import type { Person } from "../../src/session/shapes.ts";

/** Buttons that a test presses. */
export class FakeButtons implements ButtonSource {
  #pressed: ((press: ButtonPress) => string | undefined) | undefined;

  async open(pressed: (press: ButtonPress) => string | undefined): Promise<void> {
    this.#pressed = pressed;
  }

  close(): void {
    this.#pressed = undefined;
  }

  /** @returns what the presser is shown */
  press(person: Person, kind: "allow" | "decline", jobId = "job_1"): string | undefined {
    return this.#pressed?.({ buttonId: `${kind}:${jobId}`, person });
  }
}
