import type { SettingName } from "./settings.ts";

/** Checked values by their types; each row's schema has made sure of them. */
export class Values {
  readonly #values: ReadonlyMap<SettingName, unknown>;

  constructor(values: ReadonlyMap<SettingName, unknown>) {
    this.#values = values;
  }

  text(name: SettingName): string {
    const value = this.#values.get(name);
    if (typeof value !== "string") throw new TypeError(`${name} has no text`);
    return value;
  }

  has(name: SettingName): boolean {
    return this.#values.has(name);
  }

  optionalText(name: SettingName): string | undefined {
    return this.#values.has(name) ? this.text(name) : undefined;
  }

  number(name: SettingName): number {
    const value = this.#values.get(name);
    if (typeof value !== "number") throw new TypeError(`${name} has no number`);
    return value;
  }

  flag(name: SettingName): boolean {
    return this.#values.get(name) === true;
  }

  ms(name: SettingName): number {
    return this.number(name) * 1_000;
  }
}
