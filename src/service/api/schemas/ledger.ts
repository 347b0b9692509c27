import * as z from "zod";

/** Deliveries and their attempts. */

const deliveryAttempt = z.object({
  number: z.number().int().min(1),
  at: z.iso.datetime(),
  status: z.number().int().nullable().meta({ description: "HTTP status; null without an answer" }),
  latencyMs: z.number().min(0),
  error: z.string().nullable(),
});

export const delivery = z
  .object({
    id: z.string().meta({ description: "the event's `deliveryId`" }),
    event: z.string(),
    webhook: z.enum(["onStatus", "onFinalize"]),
    state: z.enum(["pending", "delivered", "dead"]).meta({
      description: "dead: given up after 24 hours; it can be resent",
    }),
    emittedAt: z.iso.datetime(),
    nextAttemptAt: z.iso.datetime().nullable().meta({ description: "null unless pending" }),
    attempts: z.array(deliveryAttempt).meta({ description: "the newest 20, oldest first" }),
    data: z.looseObject({}).meta({ description: "the event's data" }),
  })
  .meta({ id: "Delivery", description: "A job event for one webhook, and each attempt to deliver it" });

export type DeliveryView = z.infer<typeof delivery>;
