import type { Setting } from "./setting.ts";
import { bearerToken, hostnames, ipAddress, path, port, wholeNumber } from "./types.ts";

/** How the worker is observed, controlled and stopped. */
export const CONTROL_SETTINGS = [
  {
    name: "MEETBOT_HTTP_PORT",
    key: "httpPort",
    type: port,
    default: undefined,
    defaultText: "off",
    meaning: "port for control, `/healthz`, `/readyz` and `/metrics`; 0 takes any free port and logs it",
  },
  {
    name: "MEETBOT_HTTP_HOST",
    key: "httpHost",
    type: ipAddress,
    default: "127.0.0.1",
    meaning: "the address to listen on",
  },
  {
    name: "MEETBOT_HTTP_ADDRESS_FILE",
    key: "httpAddressFile",
    type: path,
    default: undefined,
    defaultText: "none",
    meaning:
      "a file for the address that the worker listens on, such as `http://127.0.0.1:41234`, for programs that started it with port 0; removed at the end",
  },
  {
    name: "MEETBOT_LOGINS_FILE",
    key: "loginsFile",
    type: path,
    default: undefined,
    defaultText: "none",
    meaning:
      "a file to which the worker adds a line of JSON for each of its logins at Discord, of which a bot has 1,000 a day: the time, and what Discord says is left",
  },
  {
    name: "MEETBOT_HTTP_ALLOWED_HOSTS",
    key: "httpAllowedHosts",
    type: hostnames,
    default: undefined,
    defaultText: "none",
    meaning:
      "host names that requests may use, such as that of a Kubernetes Service; IP addresses and `localhost` are always allowed",
  },
  {
    name: "MEETBOT_CONTROL_TOKEN",
    key: "controlToken",
    type: bearerToken,
    default: undefined,
    defaultText: "nobody may control it",
    secret: true,
    meaning: "token that control requests have to send",
  },
  {
    name: "MEETBOT_SHUTDOWN_GRACE_SECONDS",
    key: "shutdownGraceSeconds",
    type: wholeNumber(1, 3_600, "seconds"),
    default: 25,
    meaning: "time to finish after SIGTERM; keep it below the limit of whatever stops the worker",
  },
] as const satisfies readonly Setting[];
