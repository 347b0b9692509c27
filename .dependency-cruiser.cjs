/**
 * Floors: imports only go down (docs/develop/architecture.md, "Floors"). Each rule names what a folder may import;
 * whatever is not listed is an error.
 */
const floor = (folder, mayImport) => ({
  name: `floor-${folder}`,
  severity: "error",
  comment: `src/${folder} may import from: ${[folder, ...mayImport].join(", ")}`,
  from: { path: `^src/${folder}/` },
  to: { path: "^src/", pathNot: [...new Set([folder, ...mayImport])].map((name) => `^src/${name}(/|\\.ts$)`) },
});

const PURE_NODE = "^(node:)?(buffer|path)$";

module.exports = {
  forbidden: [
    { name: "no-circles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "no-orphans",
      severity: "error",
      from: {
        orphan: true,
        path: "^src/",
        pathNot: [
          "^src/(cli|report/browser|service/page/browser(/shared)?)/main\\.tsx?$",
          "^src/cli/process/end-with-parent\\.ts$",
        ],
      },
      to: {},
    },
    {
      name: "no-dev-dependencies-in-src",
      severity: "error",
      from: { path: "^src/" },
      // Types alone leave nothing behind in what ships.
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"], pathNot: "^node_modules/@types/" },
    },
    {
      name: "pure-audio",
      severity: "error",
      comment: "src/audio is pure: bytes and numbers, time is an argument; no sockets, files, clocks or packages",
      from: { path: "^src/(audio/|session/|text/)" },
      to: { dependencyTypes: ["core"], pathNot: PURE_NODE },
    },
    {
      name: "errors-stand-alone",
      severity: "error",
      from: { path: "^src/((errors|deadline|log|pulse)\\.ts$|text/)" },
      to: { path: "^src/", pathNot: "^src/text/" },
    },
    floor("audio", ["errors", "text"]),
    floor("opus", ["audio", "errors", "text"]),
    floor("session", ["audio", "errors", "text"]),
    floor("fixture", ["audio", "errors", "files", "own-files", "unwritable"]),
    floor("recording", ["log", "text", "audio", "session", "deadline", "errors", "pulse"]),
    floor("discord", [
      "log",
      "recording",
      "session",
      "audio",
      "deadline",
      "errors",
      "files",
      "package",
      "pulse",
      "text",
    ]),
    floor("storage", [
      "log",
      "process-identity",
      "recording",
      "session",
      "errors",
      "files",
      "own-files",
      "text",
      "unwritable",
    ]),
    floor("delivery", ["log", "recording", "session", "errors", "files", "own-files", "text"]),
    floor("doctor", ["invocation", "opus", "recording", "session", "errors", "text"]),
    floor("export", ["recording", "session", "opus", "audio", "errors", "text"]),
    floor("http", ["errors", "text"]),
    floor("control", ["log", "http", "text", "recording", "session", "errors"]),
    floor("capture", ["log", "recording", "session", "fixture", "audio", "errors", "text"]),
    {
      name: "adapters-know-the-ports-only",
      severity: "error",
      comment:
        "an adapter may import of src/recording only its ports; what drives a job may also import the job's interface",
      from: { path: "^src/(discord|storage|delivery|doctor|export|capture|report)/" },
      to: { path: "^src/recording/", pathNot: "^src/recording/ports/" },
    },
    {
      name: "control-knows-the-job-only",
      severity: "error",
      from: { path: "^src/control/" },
      to: { path: "^src/recording/", pathNot: "^src/recording/(ports/|job/(job|status)\\.ts$)" },
    },
    floor("kubernetes", ["settings", "redactor", "session", "errors", "version"]),
    floor("report", ["text", "recording", "session", "opus", "audio", "errors", "package"]),
    {
      name: "browser-knows-its-data-alone",
      severity: "error",
      comment: "src/report/browser runs in a browser: of ours it may import the types of the data that its page holds",
      from: { path: "^src/report/browser/" },
      to: { path: "^src/", pathNot: ["^src/report/browser/", "^src/report/page-data\\.ts$"] },
    },
    {
      name: "browser-is-bundled",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/(report|service/page)/browser/" },
      to: { path: "^src/(report|service/page)/browser/" },
    },
    {
      name: "page-of-the-service-knows-its-data-alone",
      severity: "error",
      comment:
        "src/service/page/browser runs in a browser: of ours it may import the types of what its service answers, words for people, and how the report writes numbers",
      from: { path: "^src/service/page/browser/" },
      to: {
        path: "^src/",
        pathNot: [
          "^src/service/page/browser/",
          "^src/service/page/page-data\\.ts$",
          "^src/service/shared-link/link-data\\.ts$",
          "^src/session/leaving/auto-leave\\.ts$",
          "^src/report/browser/(format|wall-clock)\\.ts$",
        ],
      },
    },
    {
      name: "no-node-in-the-browser",
      severity: "error",
      from: { path: "^src/(report|service/page)/browser/" },
      to: { dependencyTypes: ["core"] },
    },
    // Only the service's own ports are shared between its folders; compose names the adapters.
    floor("service", [
      "session",
      "delivery",
      "http",
      "settings",
      "errors",
      "text",
      "files",
      "own-files",
      "version",
      "deadline",
      "log",
      "redactor",
      "process-identity",
      "worker-variables",
      // Only the resident's adapter, as the rule below says.
      "discord",
      // Only the code in the browser, as the rules above say.
      "report/browser",
    ]),
    {
      name: "only-the-resident-knows-discord",
      severity: "error",
      comment: "of the service, only the resident's adapter speaks to Discord",
      from: { path: "^src/service/", pathNot: "^src/service/resident/discord/" },
      to: { path: "^src/discord/" },
    },
    {
      name: "service-domain-is-pure",
      severity: "error",
      comment: "these folders decide; they read no clock, file or database. Hashing is pure",
      from: { path: "^src/service/(resident/)?domain/" },
      to: { dependencyTypes: ["core"], pathNot: "^(node:)?(buffer|crypto)$" },
    },
    {
      name: "service-domain-knows-nobody",
      severity: "error",
      from: { path: "^src/service/(resident/)?domain/" },
      to: { path: "^src/service/", pathNot: "^src/service/(resident/)?domain/" },
    },
    {
      name: "service-sql-is-in-the-store",
      severity: "error",
      comment: "all SQL is in src/service/store, so that another database needs only another store",
      from: { path: "^src/", pathNot: "^src/service/store/" },
      to: { path: "^node_modules/kysely/|^(node:)?sqlite$" },
    },
    floor("sdk", []),
    {
      name: "sdk-needs-only-fetch",
      severity: "error",
      comment: "the SDK also runs where there is no Node",
      from: { path: "^src/sdk/" },
      to: { dependencyTypes: ["core"] },
    },
    floor("mcp", ["sdk", "service", "session", "settings", "errors", "text", "version"]),
    {
      name: "mcp-knows-the-api-only",
      severity: "error",
      comment: "src/mcp may import of src/service only what describes its API",
      from: { path: "^src/mcp/" },
      to: { path: "^src/service/", pathNot: "^src/service/api/(schemas|operations)/" },
    },
    floor("loopback", ["audio", "fixture", "errors"]),
    {
      name: "only-cli-imports-the-loopback",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/(loopback|cli)/" },
      to: { path: "^src/loopback/" },
    },
    {
      name: "only-cli-imports-the-cli",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/cli/" },
      to: { path: "^src/cli/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default", "types"] },
  },
};
