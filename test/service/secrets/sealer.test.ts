import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { sealPurpose } from "../../../src/service/domain/seal-purpose.ts";
import { openKeyFile, parseSealingKeys } from "../../../src/service/secrets/key-file.ts";
import { createSealer } from "../../../src/service/secrets/sealer.ts";

const PURPOSE = sealPurpose.botToken("job_1");
const [OLD, NEW] = [randomBytes(32), randomBytes(32)];

describe("a sealed text", () => {
  it("is opened with its key and for its purpose only", () => {
    const sealer = createSealer([OLD]);
    const sealed = sealer.seal("MTIz.abc.def", PURPOSE);
    expect(sealed).not.toContain("MTIz");
    expect(sealer.open(sealed, PURPOSE)).toBe("MTIz.abc.def");
    expect(() => sealer.open(sealed, sealPurpose.botToken("job_2"))).toThrow();
    expect(() => createSealer([NEW]).open(sealed, PURPOSE)).toThrow(/sealing key [0-9a-f]{8} is missing/);
  });

  it("is refused if any of its bytes was changed", () => {
    const sealer = createSealer([OLD]);
    const [version, id, data = ""] = sealer.seal("secret", PURPOSE).split(".");
    const bytes = Buffer.from(data, "base64url");
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => sealer.open([version, id, changed.toString("base64url")].join("."), PURPOSE)).toThrow();
    }
    for (const text of ["", "v1", "v1..", `v2.${id}.${data}`, `v1.${id}.`]) {
      expect(() => sealer.open(text, PURPOSE)).toThrow();
    }
  });

  it("survives a new key in front of its own (rotation without downtime)", () => {
    const sealed = createSealer([OLD]).seal("secret", PURPOSE);
    const rotated = createSealer([NEW, OLD]);
    expect(rotated.open(sealed, PURPOSE)).toBe("secret");
    const newer = rotated.seal("secret", PURPOSE);
    expect(createSealer([NEW]).open(newer, PURPOSE)).toBe("secret");
    expect(newer.split(".")[1]).not.toBe(sealed.split(".")[1]);
  });
});

describe("the file of sealing keys", () => {
  async function newPath(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "meetbot-keys-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    return join(folder, "sealing.key");
  }

  it("is made with one key that only its user can read, and read again", async () => {
    const path = await newPath();
    const keys = await openKeyFile(path);
    expect(keys.map(({ length }) => length)).toEqual([32]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await openKeyFile(path)).toEqual(keys);
  });

  it("is refused if others can read it, or it holds no keys", async () => {
    const path = await newPath();
    await writeFile(path, `${NEW.toString("base64")}\n${OLD.toString("base64")}\n`, { mode: 0o600 });
    expect(await openKeyFile(path)).toEqual([NEW, OLD]);
    await chmod(path, 0o644);
    await expect(openKeyFile(path)).rejects.toThrow("chmod 600");
    expect(() => parseSealingKeys("", "KEYS")).toThrow("KEYS: expected keys of 32 bytes");
    const short = () => parseSealingKeys("c2VjcmV0LXZhbHVl", "KEYS");
    expect(short).toThrow("expected keys of 32 bytes");
    expect(short).not.toThrow(/c2VjcmV0|secret-value/);
    expect(parseSealingKeys(`${NEW.toString("base64")},${OLD.toString("base64")}`, "KEYS")).toEqual([NEW, OLD]);
  });
});
