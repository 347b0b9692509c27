/** The commands that both command bots register, in Discord's own form. */

const text = (name, more = {}) => ({ type: 3, name, description: `The ${name}`, ...more });

export const COMMANDS = [
  {
    type: 1,
    name: "room",
    description: "Rooms",
    description_localizations: { de: "Räume" },
    options: [
      {
        type: 1,
        name: "open",
        description: "Opens a room",
        options: [
          { type: 7, name: "where", description: "The channel", required: true, channel_types: [2, 13] },
          { type: 6, name: "who", description: "The person" },
          { type: 4, name: "count", description: "How many", min_value: 1, max_value: 9 },
          text("title", { autocomplete: true, max_length: 100 }),
        ],
      },
      {
        type: 2,
        name: "rules",
        description: "Rules of rooms",
        options: [{ type: 1, name: "show", description: "Shows them" }],
      },
    ],
  },
  { type: 1, name: "slow", description: "Answers too late" },
  { type: 1, name: "twice", description: "Answers twice" },
  { type: 2, name: "Wave" },
];

/** A panel with two buttons, a link and a menu. */
export const PANEL = [
  {
    type: 1,
    components: [
      { type: 2, style: 4, label: "Close", custom_id: "close" },
      { type: 2, style: 2, label: "Note", custom_id: "note" },
      { type: 2, style: 5, label: "Page", url: "https://example.org/" },
    ],
  },
  {
    type: 1,
    components: [
      {
        type: 3,
        custom_id: "size",
        options: ["small", "big"].map((value) => ({ label: value, value })),
      },
    ],
  },
];

export const MODAL = {
  title: "A note",
  custom_id: "note form",
  components: [{ type: 1, components: [{ type: 4, custom_id: "text", label: "Text", style: 1, max_length: 50 }] }],
};

export const EMBED = { title: "Room", color: 0x33aa55, fields: [{ name: "State", value: "open" }] };
