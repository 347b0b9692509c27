import type { ComponentChildren, RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { wallClock } from "../../../report/browser/wall-clock.ts";
import { type Failure, failureWords } from "./outcome.ts";
import { shortList } from "./words.ts";

let shownViews = 0;

/** The heading of a view: its name, unless another text is given. It gets the focus when somebody goes there, so that a screen reader reads on from it. */
export function Title({ children, name }: { readonly children?: ComponentChildren; readonly name: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    shownViews += 1;
    if (shownViews > 1) heading.current?.focus();
  }, []);
  useEffect(() => {
    document.title = `${name}, meetbot for Discord`;
  }, [name]);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children ?? name}
    </h1>
  );
}

/**
 * Moves the focus on if the part that has it goes away, such as the buttons of a job that is over: to the link of its card,
 * or to the heading of the view. Otherwise the keyboard would begin at the top again.
 */
export function useFocusKept(part: RefObject<HTMLElement | null>): void {
  // Its end is called before the part is removed.
  useLayoutEffect(
    () => () => {
      const { current } = part;
      if (current?.contains(document.activeElement) !== true) return;
      const link = current.closest("article")?.querySelector("a");
      // Preact removes the part first, and maybe its card.
      window.setTimeout(() => (link?.isConnected === true ? link : document.querySelector("h1"))?.focus());
    },
    [],
  );
}

/** A stranger's text, with its own text direction. */
export function Stranger({ text }: { readonly text: string }) {
  return <bdi>{text}</bdi>;
}

/** The first of several names, and how many more there are. */
export function Names({ names }: { readonly names: readonly string[] }) {
  const { shown, more } = shortList(names);
  return (
    <>
      {shown.map((name, index) => (
        <span key={`${index} ${name}`}>
          {index === 0 ? "" : ", "}
          <Stranger text={name} />
        </span>
      ))}
      {more === 0 ? "" : `, and ${more} more`}
    </>
  );
}

export function Time({ at }: { readonly at: string }) {
  return <time dateTime={at}>{wallClock(new Date(at))}</time>;
}

/** What went wrong. It is there before, and empty, so that screen readers read its text out. */
export function Alert({ id, text }: { readonly id?: string; readonly text: string | undefined }) {
  return (
    <p class="problem" id={id} role="alert">
      {text}
    </p>
  );
}

/** A part of a view, with its heading. */
export function Section({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <section class="padded" aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

export function Problem({ failure }: { readonly failure: Failure | undefined }) {
  return failure === undefined ? null : <Alert text={failureWords(failure)} />;
}

export function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export interface Question {
  readonly title: string;
  readonly text: string;
  /** On the button that does it. */
  readonly action: string;
}

/** Asks before something that cannot be taken back. */
export function Confirm({
  question,
  onAnswer,
}: {
  readonly question: Question;
  readonly onAnswer: (isYes: boolean) => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} aria-labelledby="question" onClose={() => onAnswer(dialog.current?.returnValue === "yes")}>
      <h2 id="question">{question.title}</h2>
      <p>{question.text}</p>
      <p class="buttons">
        <button type="button" onClick={() => dialog.current?.close("no")}>
          No, go back
        </button>
        <button type="button" class="danger" onClick={() => dialog.current?.close("yes")}>
          {question.action}
        </button>
      </p>
    </dialog>
  );
}
