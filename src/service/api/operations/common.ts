import * as z from "zod";
import { fields, form, wholeText } from "../schemas/fields.ts";
import { refusals } from "../service-error.ts";

/** What several operations share. */

/** Operations that need an API key. */
export const security = [{ key: [] }];

export const jobParams = z.object({
  id: form(/^[\w.:@=+-]{1,128}$/, "a job's id").meta({ description: "the job's id" }),
});

const MAX_PAGE = 100;
const MAX_FILES = 1_000;
const CURSOR = "the nextCursor of an earlier answer";

/** The query of a list of jobs or recordings. The cursor is the id of the last one. */
export const pageQuery = {
  limit: wholeText(1, MAX_PAGE).default(20).meta({ description: "items on a page" }),
  cursor: form(/^job_[0-9A-HJKMNP-TV-Z]{26}$/, CURSOR).optional(),
};

/** The query of a list within a job. The cursor is a number. */
export const deliveryPage = fields({ ...pageQuery, cursor: form(/^\d{1,15}$/, CURSOR).optional() });
export const filePage = fields({
  limit: wholeText(1, MAX_FILES).default(MAX_FILES).meta({ description: "files on a page" }),
  cursor: form(/^\d{1,15}$/, CURSOR).optional(),
});

/** Errors of every operation with a key. */
export const KEY_REFUSALS = refusals("unauthorized", "rate_limited", "store_unavailable");

/** Errors of every operation on one job. */
export const JOB_REFUSALS = { ...KEY_REFUSALS, ...refusals("invalid_input", "not_found") };

/** Errors of every operation with a body. */
export const BODY_REFUSALS = refusals("payload_too_large", "unsupported_media_type");
