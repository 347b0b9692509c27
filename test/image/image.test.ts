import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readFixture } from "../../src/fixture/read-fixture.ts";
import { RECORDINGS_PATH, USER_ID } from "../../src/kubernetes/image.ts";
import { startLoopback } from "../../src/loopback/loopback.ts";
import { type Manifest, manifestSchema } from "../../src/session/manifest.ts";
import { freePorts } from "../support/free-ports.ts";
import { expectFfmpegDecodesAll, expectOpusinfoAccepts, expectVerified } from "../support/judge.ts";
import { faultsBySchema } from "../support/shipped-schema.ts";
import { asRoot, whyNoImage } from "./as-root.ts";
import { missedBy } from "./compile-cache.ts";
import { Container, type ContainerOptions, type ContainerRun } from "./container.ts";
import { type BuiltImage, buildImage } from "./image.ts";
import { megabytes, sizesByFolder } from "./sizes.ts";
import { ImageStore } from "./store.ts";
import { makeVolumes, takeOver, type Volumes } from "./volumes.ts";

const STANDUP = fileURLToPath(new URL("../fixtures/standup", import.meta.url));
const DEPLOY_PAGE = new URL("../../docs/operate/deploy.md", import.meta.url);
const MOST_BYTES = 45_000_000;
const SECRET = "a-password-of-npm-that-no-image-may-hold";
const ANOTHER_USER = 4_321;
const CHANNEL = "discord://81384788765712384/381870553235193857";
/** Has the form of a token, but is not one. */
const TOKEN = "ODEzODQ3ODg3NjU3MTIzODQ.Gabcde.abcdefghijklmnopqrstuvwxyz0123456789AB";

const reason = whyNoImage();
if (reason !== false) process.stderr.write(`the image is not tested: ${reason}\n`);

describe.skipIf(reason)("the image that the Dockerfile makes", () => {
  let store: ImageStore;
  let image: BuiltImage;

  beforeAll(async () => {
    store = await ImageStore.create();
    image = await buildImage(store, `//registry.invalid/:_authToken=${SECRET}`);
  }, 900_000);

  afterAll(() => store.remove(), 120_000);

  async function volumesFor(name: string, owner: number): Promise<Volumes> {
    const directory = join(store.directory, name);
    await mkdir(directory);
    return await makeVolumes(image, directory, owner);
  }

  function run(command: readonly string[], options: ContainerOptions): Promise<ContainerRun> {
    return new Container(image, command, options).result;
  }

  /** The only recording of a container is judged by programs that we did not write. */
  async function expectGoodRecording(volumes: Volumes): Promise<Manifest> {
    await takeOver(volumes);
    const [jobId = "", ...others] = await readdir(volumes.recordings);
    expect(others).toEqual([]);
    const directory = join(volumes.recordings, jobId);
    const manifest = JSON.parse(await readFile(join(directory, "manifest.json"), "utf8"));
    expect(await faultsBySchema("manifest", [manifest])).toEqual([]);
    const recorded = { directory, manifest: manifestSchema.parse(manifest) };
    await expectVerified(recorded);
    await expectOpusinfoAccepts(recorded);
    await expectFfmpegDecodesAll(recorded);
    return recorded.manifest;
  }

  describe("as files", () => {
    it("adds as much to its base as the documentation says, and at most 45 MB", async () => {
      const bytes = image.files.reduce((sum, file) => sum + file.bytes, 0);
      const sizes = sizesByFolder(image.files).filter(([, size]) => size > 50_000);
      for (const [folder, size] of sizes) process.stdout.write(`${megabytes(size)} MB ${folder}\n`);
      process.stdout.write(`${megabytes(bytes)} MB in all, ${megabytes(image.compressedBytes)} MB compressed\n`);
      expect(bytes).toBeLessThanOrEqual(MOST_BYTES);
      const page = await readFile(DEPLOY_PAGE, "utf8");
      const [said, ...documented] = /adds (\d+) MB to its base, (\d+) MB compressed/.exec(page) ?? [];
      for (const [index, measured] of [bytes, image.compressedBytes].entries()) {
        const difference = Math.abs(Number(documented[index]) * 1e6 - measured);
        expect(difference, `docs/operate/deploy.md says "${said}"; write the numbers above`).toBeLessThan(3_000_000);
      }
    });

    it("contains what it runs, and nothing of the build", () => {
      const paths = image.files.map(({ path }) => path);
      // buildah itself writes that one.
      expect(paths.filter((path) => !path.startsWith("app/") && path !== "etc/hosts")).toEqual([]);
      const leftovers = [
        ...[/\.[cm]?ts$/, /node_modules\/.*\.map$/, /package-lock\.json$/],
        ...[/(^|\/)\.(npmrc|npm|cache)(\/|$)/, /_cacache/, /package\.source\.json$/],
      ];
      expect(paths.filter((path) => leftovers.some((pattern) => pattern.test(path)))).toEqual([]);
      expect(paths).toContain("app/dist/cli/main.js");
    });

    it("contains no secret of the machine that built it", async () => {
      expect(image.description).not.toContain(SECRET);
      for (const layer of image.layers) {
        const script = 'tar -xOf "$1" | grep --text --count "$2" || true';
        expect(await asRoot("sh", "-c", script, "sh", layer, SECRET)).toBe("0");
      }
    });

    it.each([0, USER_ID])("is read-only for the process that runs in it, as user %i", async (user) => {
      const write = ["-e", 'require("node:fs").writeFileSync("/app/new", "")'];
      const { exitCode, stderr } = await run(write, { user, entrypoint: ["node"] });
      expect(stderr).toContain("EROFS: read-only file system, open '/app/new'");
      expect(exitCode).toBe(1);
    });
  });

  describe.concurrent("as a container with a read-only root", () => {
    it("records the stand-up", async () => {
      const volumes = await volumesFor("demo", USER_ID);
      // The containers share the ports of this machine.
      const environment = { MEETBOT_HTTP_PORT: "0" };
      const options = { volumes: volumes.mounts, environment, hasTmp: true };
      const { exitCode, stderr } = await run(["demo", "--storage", RECORDINGS_PATH], options);
      expect(exitCode, stderr).toBe(0);
      const manifest = await expectGoodRecording(volumes);
      expect(manifest).toMatchObject({ exitReason: "alone_in_room", failureCode: null, warnings: [], gaps: [] });
      expect(manifest.speakers).toHaveLength(5);
    });

    /**
     * Records the beginning of a call as a user, in that user's folder and with a new volume for the spool, and without a
     * /tmp. The container is asked for its health, and then stopped.
     */
    async function stoppedCall(user: number): Promise<ContainerRun & { readonly manifest: Manifest }> {
      const volumes = await volumesFor(`call-${user}`, user);
      const workDir = join(store.directory, `loopback-${user}`);
      const loopback = await startLoopback({ fixture: await readFixture(STANDUP), workDir });
      let container: Container | undefined;
      try {
        const [port] = await freePorts(1);
        const environment = {
          ...loopback.environment,
          MEETBOT_HTTP_PORT: String(port),
          NODE_DEBUG_NATIVE: "COMPILE_CACHE",
        };
        const mounts = { ...volumes.mounts, [workDir]: workDir };
        container = new Container(image, ["record"], { volumes: mounts, environment, user });
        await container.until("state: recording");
        await container.exec(image.config.Healthcheck.Test.slice(1));
        await new Promise((resolve) => setTimeout(resolve, 3_000));
        await container.kill(image.config.StopSignal);
        const ended = await container.result;
        return { ...ended, manifest: await expectGoodRecording(volumes) };
      } finally {
        await container?.end();
        await loopback.close();
      }
    }

    it("is healthy in a call, ends it on SIGTERM with a recording, and finds its compiled code", async () => {
      const { exitCode, stderr, manifest } = await stoppedCall(USER_ID);
      expect(exitCode, stderr).toBe(0);
      expect(manifest).toMatchObject({ exitReason: "shutdown", failureCode: null });
      expect(missedBy(stderr)).toEqual([]);
    });

    it("works for any other user, without the compiled code", async () => {
      const { exitCode, stderr, manifest } = await stoppedCall(ANOTHER_USER);
      expect(exitCode, stderr).toBe(0);
      expect(manifest).toMatchObject({ exitReason: "shutdown", failureCode: null });
      expect(() => missedBy(stderr)).toThrow("no module came from the cache");
    });

    it.each([USER_ID, ANOTHER_USER])("says what to do with a folder that root owns, as user %i", async (user) => {
      const volumes = await volumesFor(`refused-${user}`, 0);
      const environment = { DISCORD_BOT_TOKEN: TOKEN, MEETBOT_JOB_ID: "job" };
      const { exitCode, stderr } = await run(["record", CHANNEL], { volumes: volumes.mounts, environment, user });
      expect(stderr).toContain(
        `MEETBOT_STORAGE_URI: cannot write to the folder /recordings/job: /recordings belongs to user 0, and this process runs as user ${user}; run sudo chown ${user}:${user} /recordings (with Docker: on the host's folder that is mounted there)`,
      );
      expect(exitCode).toBe(1);
    });
  });
});
