import { ServiceClient } from "../support/serve-process.ts";
import { Container } from "./container.ts";
import type { BuiltImage } from "./image.ts";
import type { Volumes } from "./volumes.ts";

/** The service in a container, as the `docker run` line of docs/operate/service.md starts it. */
export class ServiceContainer extends ServiceClient {
  readonly container: Container;

  private constructor(container: Container, address: string) {
    super(address);
    this.container = container;
  }

  /** Resolves when it listens. */
  static async start(image: BuiltImage, { mounts }: Volumes, port: number): Promise<ServiceContainer> {
    const environment = {
      ...{ MEETBOT_SERVICE_HOST: "0.0.0.0", MEETBOT_SERVICE_DATA_DIR: "/spool/service" },
      MEETBOT_SERVICE_STORAGE_URI: "file:/recordings",
      // The containers share the ports of this machine, and the health check asks this one.
      ...{ MEETBOT_SERVICE_PORT: String(port), MEETBOT_HTTP_PORT: String(port) },
    };
    const container = new Container(image, ["serve"], { volumes: mounts, environment, hasTmp: true });
    await container.until("the service listens");
    return new ServiceContainer(container, `http://127.0.0.1:${port}`);
  }

  /** As `docker exec … keys create`. */
  async newKey(): Promise<string> {
    const command = ["node", "dist/cli/main.js", "keys", "create", "--consumer", "acme", "--mode", "test"];
    const [key = ""] = /mb_test_\w+/.exec(await this.container.exec(command)) ?? [];
    return key;
  }

  /** A job of the sandbox that records. @returns its id */
  async recordingJob(key: string): Promise<string> {
    const { id } = await this.ask(key, "POST", "/api/v1/jobs", {});
    await this.until(key, id, "recording");
    return id;
  }
}
