import { columnsOf, cutToColumns } from "./text-width.ts";

/** A name is cut here even if the terminal is wider, which keeps the following columns aligned. */
const MAX_NAME_COLUMNS = 40;
/** Fewer columns of a name say nothing. */
export const LEAST_NAME_COLUMNS = 4;
/** Rows above a view that are kept for the log, unless the window is small. */
const LOG_ROWS = 5;
const SMALL_WINDOW_ROWS = 20;

/** The size of a terminal, or of the part of it for a view. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** A line in several lengths, the longest first: the first that fits is shown. */
export type Line = readonly [string, ...string[]];

export function fitting(line: Line, columns: number): string {
  return line.find((text) => columnsOf(text) <= columns) ?? cutToColumns(line.at(-1) ?? "", columns);
}

/** The parts of a view, from top to bottom. */
export interface ViewParts {
  readonly state: Line;
  /** @returns lines about people, as many as fit */
  readonly people: (maxLines: number) => readonly string[];
  /** Left out before the others in a small window. */
  readonly figures: readonly Line[];
  /** What happens next, and the keys. They go last. */
  readonly controls: readonly Line[];
}

/**
 * The lines of a view, none wider than the terminal. If there are few rows, people are only counted. With fewer still,
 * figures are left out; the next auto-leave rule and the keys go last.
 */
export function fittedView({ state, people, ...rest }: ViewParts, { columns, rows }: Size): string[] {
  const [figures, controls] = [rest.figures, rest.controls].map((lines) => lines.map((line) => fitting(line, columns)));
  const [figureLines, controlLines] = [figures ?? [], controls ?? []];
  const forLog = rows < SMALL_WINDOW_ROWS ? 0 : LOG_ROWS;
  const persons = people(rows - forLog - 1 - figureLines.length - controlLines.length);
  const spare = Math.max(0, rows - 1 - controlLines.length);
  return [fitting(state, columns), ...[...persons, ...figureLines].slice(0, spare), ...controlLines].slice(0, rows);
}

export interface PersonLine {
  readonly mark: string;
  /** Undefined if it is not measured. */
  readonly level: string | undefined;
  readonly name: string;
  readonly tags: string;
}

/** In a narrow window the level is left out before the name is cut. */
export function personLine({ mark, level, name, tags }: PersonLine, columns: number): string {
  const short = cutToColumns(name, MAX_NAME_COLUMNS);
  const plain = `  ${mark} `;
  const whole = level === undefined ? plain : `${plain}${level} `;
  if (columnsOf(whole) + columnsOf(short) + columnsOf(tags) <= columns) return `${whole}${short}${tags}`;
  const room = columns - columnsOf(plain) - columnsOf(tags);
  return room < LEAST_NAME_COLUMNS ? `${plain}${short}` : `${plain}${cutToColumns(short, room)}${tags}`;
}

export interface People<Person> {
  readonly here: readonly Person[];
  /** How lately somebody has spoken: higher is later. */
  readonly rank: (person: Person) => number;
  readonly line: (person: Person) => string;
}

/** How many people are present, and as many names as fit into `maxLines`. If not all fit, those who speak come first. */
export function peopleLines<Person>({ here, rank, line }: People<Person>, maxLines: number, columns: number): string[] {
  const room = (otherLines: number): number => Math.max(0, maxLines - otherLines);
  const fits = here.length <= room(1);
  const byWords = here.toSorted((a, b) => rank(b) - rank(a));
  const shown = (fits ? here : byWords.slice(0, room(2))).map(line);
  const more = here.length - shown.length;
  return [`${here.length} here`, ...shown, ...(more > 0 && maxLines > 1 ? [`  and ${more} more`] : [])].map((text) =>
    cutToColumns(text, columns),
  );
}

/** Where a call is, after the state and the time. */
export function withPlace(start: string, channel: string, guild: string | undefined, columns: number): Line {
  const room = columns - columnsOf(start) - 2;
  const cut = room < LEAST_NAME_COLUMNS ? [] : [`${start}  ${cutToColumns(channel, room)}`];
  const whole = guild === undefined ? [] : [`${start}  ${channel} in ${guild}`];
  const [first = start, ...others] = [...whole, `${start}  ${channel}`, ...cut, start];
  return [first, ...others];
}
