import type { SpooledFile, SpoolWriter } from "./ports.ts";

/** A file of JSON objects, one a line. */
export class LineLog<Line> {
  readonly #writer: SpoolWriter;
  #lines = 0;

  constructor(writer: SpoolWriter) {
    this.#writer = writer;
  }

  get lines(): number {
    return this.#lines;
  }

  write(line: Line): void {
    this.#lines += 1;
    this.#writer.append(Buffer.from(`${JSON.stringify(line)}\n`, "utf8"));
  }

  close(): Promise<SpooledFile> {
    return this.#writer.close();
  }
}
