import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import * as z from "zod";
import type { Log } from "../../log.ts";
import { manifestSchema } from "../../session/manifest.ts";
import { isoTime } from "../api/jobs/job-answer.ts";
import type { RateLimit } from "../api/keys/rate-limit.ts";
import type { ByteRange } from "../api/ranges.ts";
import { orUnavailable } from "../api/recording-refusals.ts";
import { choice, text } from "../api/schemas/fields.ts";
import { sendFile } from "../api/send-file.ts";
import { ServiceError } from "../api/service-error.ts";
import { DOWNLOAD_KINDS } from "../domain/downloads.ts";
import { isOver, type JobRow } from "../domain/job-row.ts";
import { isOwnPage } from "../page/own-page.ts";
import { type PageAssets, pageDocument } from "../page/page-document.ts";
import type { Clock } from "../ports/clock.ts";
import type { Downloads } from "../ports/downloads.ts";
import type { JobStore } from "../ports/jobs.ts";
import type { Recordings } from "../ports/recordings.ts";
import { deleteRecording, isDeletable } from "../recordings/delete-recording.ts";
import type { LinkData, LinkDownloads, LinkRecording } from "./link-data.ts";
import { LINK_HEADERS, refusedLink } from "./link-pages.ts";
import type { OpenedLink, SharedLinks } from "./shared-links.ts";

export interface LinkServerOptions {
  readonly links: SharedLinks;
  readonly downloads: Downloads;
  readonly recordings: Recordings;
  readonly store: Pick<JobStore, "job" | "markDeleted">;
  readonly rates: RateLimit;
  readonly clock: Clock;
  readonly log: Log;
  readonly publicUrl: () => string;
}

type ValidLink = Extract<OpenedLink, { kind: "valid" }>;

/** These routes are not part of the API, and may change with the page. */
const hide = true;
const RETRY_SECONDS = 30;
/** A report has strangers' words, so it gets an origin of its own: it cannot act for whoever has the link. */
const REPORT_POLICY =
  "sandbox allow-scripts allow-downloads allow-popups allow-popups-to-escape-sandbox; frame-ancestors 'none'";

const MIME_TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  mp3: "audio/mpeg",
  flac: "audio/flac",
  wav: "audio/wav",
  zip: "application/zip",
  srt: "application/x-subrip; charset=utf-8",
};

const linkParams = z.object({ token: z.string() });
const kindParams = linkParams.extend({ kind: choice(DOWNLOAD_KINDS) });
const nameField = text(1, 300);

/** Serves links to recordings: the page of a link, and what it needs. A valid token is all that is asked for. */
export function serveLinks(scope: FastifyInstance, assets: PageAssets, options: LinkServerOptions): void {
  const { links, downloads, recordings, store, rates, clock, log } = options;
  const typed = scope.withTypeProvider<ZodTypeProvider>();
  const { html, headers } = pageDocument(assets);

  scope.addHook("onRequest", async (_request, reply) => {
    reply.headers(LINK_HEADERS);
  });

  /** @returns undefined if the link opens nothing; the answer is sent then */
  const open = async (
    { params }: { readonly params: z.infer<typeof linkParams> },
    reply: FastifyReply,
  ): Promise<ValidLink | undefined> => {
    const opened = await links.open(params.token);
    if (opened.kind === "valid") {
      const retryAfterSeconds = rates.take(`link ${opened.link.id}`, clock.now());
      if (retryAfterSeconds === 0) return opened;
      throw new ServiceError("rate_limited", "this link is asked for too often", { retryAfterSeconds });
    }
    const page = refusedLink(opened, assets.style);
    reply.code(page.status).type("text/html; charset=utf-8").header("content-security-policy", page.policy);
    await reply.send(page.html);
    return undefined;
  };

  typed.route({
    ...{ method: "GET", url: "/s/:token", schema: { hide, params: linkParams } },
    handler: async (request, reply) => {
      if ((await open(request, reply)) === undefined) return reply;
      const { etag: _, vary: __, ...rest } = headers;
      return reply.headers({ ...rest, ...LINK_HEADERS }).send(html);
    },
  });

  typed.route({
    ...{ method: "GET", url: "/s/:token/recording", schema: { hide, params: linkParams } },
    exposeHeadRoute: false,
    handler: async (request, reply): Promise<LinkData | FastifyReply> => {
      const valid = await open(request, reply);
      if (valid === undefined) return reply;
      const { job, link } = valid;
      const recording = await recordingOf(job, recordings);
      return {
        recording: recording ?? null,
        whyNone: recording === undefined ? whyNone(job) : null,
        expiresAt: isoTime(link.expiresAt),
        mayDelete: link.mayDelete,
      };
    },
  });

  typed.route({
    ...{ method: "DELETE", url: "/s/:token/recording", schema: { hide, params: linkParams } },
    handler: async (request, reply) => {
      const valid = await open(request, reply);
      if (valid === undefined) return reply;
      const { job, link } = valid;
      refuseOtherPages(request, options);
      if (!link.mayDelete) throw new ServiceError("unauthorized", "this link cannot delete the recording");
      if (!isDeletable(job)) throw new ServiceError("wrong_state", `the job is ${job.status}; wait until it is over`);
      const deleted = await orUnavailable(deleteRecording(job, { store, recordings, clock }));
      log.info({ jobId: job.id, linkId: link.id, files: deleted?.files ?? 0 }, "a recording was deleted by a link");
      return reply.code(204).send();
    },
  });

  typed.route({
    ...{ method: "GET", url: "/s/:token/downloads", schema: { hide, params: linkParams } },
    exposeHeadRoute: false,
    handler: async (request, reply): Promise<LinkDownloads | FastifyReply> => {
      const valid = await open(request, reply);
      return valid === undefined ? reply : await downloads.states(valid.job);
    },
  });

  typed.route({
    ...{ method: "POST", url: "/s/:token/downloads/:kind", schema: { hide, params: kindParams } },
    handler: async (request, reply): Promise<LinkDownloads | FastifyReply> => {
      const valid = await open(request, reply);
      if (valid === undefined) return reply;
      refuseOtherPages(request, options);
      if (valid.job.manifestUri === null) throw new ServiceError("wrong_state", "there is no recording yet");
      if (!(await downloads.begin(valid.job, request.params.kind))) {
        const retry = { retryAfterSeconds: RETRY_SECONDS };
        throw new ServiceError("report_busy", "the service makes downloads of other recordings", retry);
      }
      reply.code(202);
      return await downloads.states(valid.job);
    },
  });

  typed.route({
    ...{ method: "GET", url: "/s/:token/downloads/:kind/:name" },
    schema: { hide, params: kindParams.extend({ name: nameField }) },
    handler: async (request, reply) => {
      const valid = await open(request, reply);
      if (valid === undefined) return reply;
      const { kind, name } = request.params;
      const file = await downloads.file(valid.job, kind, name);
      if (file === undefined) throw new ServiceError("not_found", `there is no download ${name} yet`);
      return await sendFile(request, reply, { ...file, mimeType: mimeTypeOf(name), read: (range) => file.read(range) });
    },
  });

  typed.route({
    ...{ method: "GET", url: "/s/:token/report", schema: { hide, params: linkParams } },
    handler: async (request, reply) => {
      const valid = await open(request, reply);
      if (valid === undefined) return reply;
      const { report } = await downloads.states(valid.job);
      const [first] = report.state === "ready" ? report.files : [];
      const file = first && (await downloads.file(valid.job, "report", first.name));
      if (file === undefined) throw new ServiceError("not_found", "the report is not made yet; open the link itself");
      const sent = { ...file, mimeType: mimeTypeOf(file.name), read: (range?: ByteRange) => file.read(range) };
      return await sendFile(request, reply, sent, () => reply.header("content-security-policy", REPORT_POLICY));
    },
  });

  typed.route({
    ...{ method: "GET", url: "/s/:token/files/:name" },
    schema: { hide, params: linkParams.extend({ name: nameField }) },
    handler: async (request, reply) => {
      const valid = await open(request, reply);
      if (valid === undefined) return reply;
      const { job } = valid;
      const { name } = request.params;
      const file = job.manifestUri === null ? undefined : await orUnavailable(recordings.file(job, name));
      if (file === undefined) throw new ServiceError("not_found", `the recording has no file ${name}`);
      const read = (range?: ByteRange) => orUnavailable(recordings.read(job, file, range));
      return await sendFile(request, reply, { ...file, read });
    },
  });
}

/** @returns undefined if nothing is stored */
async function recordingOf(job: JobRow, recordings: Recordings): Promise<LinkRecording | undefined> {
  const opened = job.manifestUri === null ? undefined : await orUnavailable(recordings.open(job));
  const manifest = opened && manifestSchema.safeParse(opened.manifest).data;
  if (manifest === undefined) return undefined;
  const { channel, guild, startedAt, durationSeconds, speakers, warnings } = manifest;
  return {
    ...{ channel: channel.name, guild: guild.name, startedAt, durationSeconds },
    speakers: speakers.map(({ displayName }) => displayName),
    warnings: warnings.map((warning) => warning.text),
  };
}

function whyNone({ status, failureDetail }: JobRow): string {
  if (!isOver(status)) return "The call is still recorded. Open this page again when it is over.";
  return failureDetail === null ? "Nothing was recorded." : `Nothing was recorded: ${failureDetail}.`;
}

/** A page of another site could only guess a token, and needs none of these requests. */
function refuseOtherPages(request: FastifyRequest, { publicUrl }: LinkServerOptions): void {
  if (!isOwnPage(request, publicUrl())) throw new ServiceError("unauthorized", "only the link's own page may ask this");
}

function mimeTypeOf(name: string): string {
  return MIME_TYPES[name.slice(name.lastIndexOf(".") + 1)] ?? "application/octet-stream";
}
