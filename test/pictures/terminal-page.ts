/** The usual sixteen colours of a dark terminal, by SGR parameter (ECMA-48 §8.3.117; from 90 the bright ones). */
const COLOURS: Readonly<Record<string, string>> = {
  30: "#484f58",
  31: "#ff7b72",
  32: "#7ee787",
  33: "#e3b341",
  34: "#79c0ff",
  35: "#d2a8ff",
  36: "#56d4dd",
  37: "#c9d1d9",
  90: "#6e7681",
};

/**
 * A page that looks like a terminal.
 *
 * @param screen its lines, with SGR sequences and no others, as tmux gives them
 */
export function terminalPage(screen: string): string {
  const [plain = "", ...coloured] = screen.trimEnd().split("\x1b[");
  return `<!doctype html><meta charset="utf-8"><style>
    body { margin: 0; width: max-content; background: #0d1117; }
    pre { margin: 0; padding: 20px 24px; color: #c9d1d9; font: 14px/1.4 "DejaVu Sans Mono", "VL Gothic", monospace; }
  </style><pre>${escaped(plain)}${coloured.map(span).join("")}</pre>`;
}

/** @param piece an SGR sequence's parameter, `m`, and text; each that pino-pretty writes sets one colour or ends it */
function span(piece: string): string {
  const end = piece.indexOf("m");
  const colour = COLOURS[piece.slice(0, end)];
  const text = escaped(piece.slice(end + 1));
  return colour === undefined ? text : `<span style="color:${colour}">${text}</span>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
