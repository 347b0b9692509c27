import { useMemo, useState } from "preact/hooks";
import { LoginForm } from "./login.tsx";
import { Fact, Problem, Section, Stranger, Time, Title } from "./parts.tsx";
import { useLoad, useSession } from "./session.ts";
import { counted, secondsInWords } from "./words.ts";

const DAY_MS = 86_400_000;

interface Usage {
  readonly seconds: number;
  readonly billedSeconds: number;
  readonly days: readonly { readonly day: string; readonly seconds: number; readonly jobs: number }[];
}

/** Whose key it is, and what was recorded with it. */
export function UsageView() {
  const { account } = useSession();
  const [days, setDays] = useState(30);
  const from = useMemo(() => new Date(Date.now() - days * DAY_MS).toISOString(), [days]);
  const { data, failure } = useLoad<Usage>(`api/v1/usage?from=${encodeURIComponent(from)}`);
  const { key, limits, name } = account;
  return (
    <main>
      <Title name="Usage" />
      <Section title="The key">
        <dl>
          <Fact name="Consumer">
            <Stranger text={name} />
          </Fact>
          <Fact name="Key">
            <Stranger text={key.name} /> <code>{key.shownPrefix}</code>
          </Fact>
          <Fact name="Mode">{key.mode === "test" ? "test: jobs of the sandbox" : "live: jobs on Discord"}</Fact>
          <Fact name="Role">{key.role}</Fact>
          <Fact name="Made">
            <Time at={key.createdAt} />
          </Fact>
          <Fact name="Live jobs at the same time">{limits.maxConcurrent}</Fact>
        </dl>
      </Section>
      <Section title="Sign in a command line">
        <LoginForm />
      </Section>
      <section class="padded" aria-label="Recorded">
        <div class="bar">
          <h2>Recorded</h2>
          <p class="tools">
            <label for="days">In the last</label>
            <select id="days" value={days} onChange={({ currentTarget }) => setDays(Number(currentTarget.value))}>
              <option value={7}>7 days</option>
              <option value={30}>30 days</option>
              <option value={365}>365 days</option>
            </select>
          </p>
        </div>
        <Problem failure={failure} />
        {data === undefined ? null : (
          <>
            <p>
              {secondsInWords(data.seconds)} recorded, {secondsInWords(data.billedSeconds)} of them billed.
            </p>
            {data.days.length === 0 ? null : (
              <table>
                <thead>
                  <tr>
                    <th scope="col">Day (UTC)</th>
                    <th scope="col">Recorded</th>
                    <th scope="col">Jobs</th>
                  </tr>
                </thead>
                <tbody>
                  {data.days.map(({ day, seconds, jobs }) => (
                    <tr key={day}>
                      <th scope="row">{day}</th>
                      <td>{secondsInWords(seconds)}</td>
                      <td>{counted(jobs, "job")}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )}
          </>
        )}
      </section>
    </main>
  );
}
