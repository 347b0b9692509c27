export interface PointerActions {
  readonly timeAt: (event: MouseEvent) => number;
  readonly seek: (toMs: number) => void;
  /** Plays from there. */
  readonly hear: (fromMs: number) => void;
  readonly zoom: (factor: number, aroundMs: number) => void;
  /** By a fraction of the visible range. */
  readonly pan: (share: number) => void;
}

/** A click plays from there, even after dragging. The wheel with Ctrl zooms, and so does pinching on a trackpad. */
export function listenToPointer(lanes: HTMLElement, { timeAt, seek, hear, zoom, pan }: PointerActions): void {
  let dragged: number | undefined;
  lanes.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !isOnDrawing(event)) return;
    dragged = event.pointerId;
    seek(timeAt(event));
  });
  window.addEventListener("pointermove", (event) => {
    if (event.pointerId === dragged) seek(timeAt(event));
  });
  window.addEventListener("pointerup", (event) => {
    if (event.pointerId !== dragged) return;
    dragged = undefined;
    hear(timeAt(event));
  });
  // A finger that scrolls the page.
  window.addEventListener("pointercancel", (event) => {
    if (event.pointerId === dragged) dragged = undefined;
  });
  lanes.addEventListener(
    "wheel",
    (event) => {
      if (!isOnDrawing(event)) return;
      const sideways = event.shiftKey ? event.deltaY : event.deltaX;
      if (event.ctrlKey) zoom(Math.exp(event.deltaY / 200), timeAt(event));
      else if (sideways !== 0) pan(sideways / 1_000);
      else return;
      event.preventDefault();
    },
    { passive: false },
  );
}

function isOnDrawing({ target }: Event): boolean {
  return target instanceof HTMLCanvasElement;
}
