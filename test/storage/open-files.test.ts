import { constants } from "node:fs";
import { mkdtemp, open, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { OpenFiles } from "../../src/storage/open-files.ts";

const { O_APPEND, O_CREAT, O_WRONLY } = constants;

describe("OpenFiles", () => {
  it("closes no file that is in use, however many need its slot", async () => {
    const folder = await mkdtemp(join(tmpdir(), "meetbot-test-"));
    const files = new OpenFiles(2);
    const paths = Array.from({ length: 30 }, (_, index) => join(folder, String(index)));
    for (const line of ["first\n", "second\n"]) {
      const writes = paths.map((path) =>
        files.use({ path, pinned: false, open: () => open(path, O_APPEND | O_CREAT | O_WRONLY) }, (handle) =>
          handle.writeFile(line),
        ),
      );
      await Promise.all(writes);
    }
    for (const path of paths) {
      await files.close(path);
      expect(await readFile(path, "utf8")).toBe("first\nsecond\n");
    }
  });

  it("opens a file once for two concurrent requests", async () => {
    const folder = await mkdtemp(join(tmpdir(), "meetbot-test-"));
    const files = new OpenFiles(2);
    const path = join(folder, "file");
    let opened = 0;
    const ask = () =>
      files.use(
        {
          path,
          pinned: false,
          open: () => {
            opened += 1;
            return open(path, O_CREAT | O_WRONLY);
          },
        },
        async (handle) => handle.fd,
      );
    const [one, other] = await Promise.all([ask(), ask()]);
    expect(opened).toBe(1);
    expect(one).toBe(other);
    await files.close(path);
  });
});
