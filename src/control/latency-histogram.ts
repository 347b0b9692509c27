import { Gauge, Histogram, type MetricObjectWithValues, type MetricValueWithName, type Registry } from "prom-client";
import type { CallFigures } from "../recording/job/status.ts";

export interface LatencyHistogramOptions {
  readonly name: string;
  readonly help: string;
  readonly registers: Registry[];
  /** Undefined if nothing is counted. */
  readonly counts: () => CallFigures["pageLatency"] | undefined;
}

/**
 * A histogram in seconds of durations that other code has counted. prom-client's `Histogram` can only count itself,
 * with one call per duration. A `Gauge` writes what its `get` returns.
 */
export class LatencyHistogram extends Gauge {
  readonly #name: string;
  readonly #form: Histogram;
  readonly #counts: LatencyHistogramOptions["counts"];

  constructor({ name, help, registers, counts }: LatencyHistogramOptions) {
    super({ name, help, registers });
    this.#name = name;
    this.#form = new Histogram({ name, help, registers: [] });
    this.#counts = counts;
  }

  override async get(): Promise<MetricObjectWithValues<MetricValueWithName<string>>> {
    const { upTo, count, sumMs } = this.#counts() ?? { upTo: new Map<number, number>(), count: 0, sumMs: 0 };
    const value = (suffix: string, labels: Record<string, string | number>, value: number) => {
      return { metricName: `${this.#name}_${suffix}`, labels, value };
    };
    const buckets = [...upTo].map(([boundMs, times]) => value("bucket", { le: boundMs / 1_000 }, times));
    const values = [
      ...buckets,
      value("bucket", { le: "+Inf" }, count),
      value("sum", {}, sumMs / 1_000),
      value("count", {}, count),
    ];
    return { ...(await this.#form.get()), values };
  }
}
