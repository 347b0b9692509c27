import type { CommandRow, OptionRow, Text } from "./command-rows.ts";

/** `/record start` and what can be done with a recording, as people see it. */

const TEXT_LENGTH = 1_000;
const TITLE_LENGTH = 100;

const CHANNEL_NAME: Text = {
  ...{ en: "channel", de: "kanal", fr: "salon", es: "canal", ptBr: "canal", ja: "チャンネル" },
};

/** Which recording, if the server has several. */
const RECORDED_CHANNEL: OptionRow = {
  name: CHANNEL_NAME,
  description: {
    en: "The recorded voice channel; the one that you are in if you leave it out",
    de: "Der aufgenommene Sprachkanal; ohne Angabe der, in dem du bist",
    fr: "Le salon vocal enregistré ; sans précision, celui où vous êtes",
    es: "El canal de voz grabado; si lo omites, el tuyo",
    ptBr: "O canal de voz gravado; se omitido, o seu",
    ja: "録音中のボイスチャンネル。省略すると自分のいるチャンネル",
  },
  kind: "voice_channel",
};

export const CALL_ROWS: readonly CommandRow[] = [
  {
    name: { en: "start", de: "starten", fr: "démarrer", es: "iniciar", ptBr: "iniciar", ja: "開始" },
    description: {
      en: "Record a voice channel",
      de: "Nimm einen Sprachkanal auf",
      fr: "Enregistrer un salon vocal",
      es: "Grabar un canal de voz",
      ptBr: "Gravar um canal de voz",
      ja: "ボイスチャンネルを録音する",
    },
    options: [
      {
        name: CHANNEL_NAME,
        description: {
          en: "The voice channel; the one that you are in if you leave it out",
          de: "Der Sprachkanal; ohne Angabe der, in dem du bist",
          fr: "Le salon vocal ; sans précision, celui où vous êtes",
          es: "El canal de voz; si lo omites, el tuyo",
          ptBr: "O canal de voz; se omitido, o seu",
          ja: "ボイスチャンネル。省略すると自分のいるチャンネル",
        },
        kind: "voice_channel",
      },
      {
        name: { en: "title", de: "titel", fr: "titre", es: "título", ptBr: "título", ja: "タイトル" },
        description: {
          en: "What the call is about",
          de: "Worum es in der Besprechung geht",
          fr: "Le sujet de l'appel",
          es: "El tema de la llamada",
          ptBr: "O assunto da chamada",
          ja: "通話の内容",
        },
        kind: "text",
        maxLength: TITLE_LENGTH,
      },
    ],
  },
  {
    name: { en: "stop", de: "stoppen", fr: "arrêter", es: "detener", ptBr: "parar", ja: "停止" },
    description: {
      en: "End the recording",
      de: "Beende die Aufnahme",
      fr: "Terminer l'enregistrement",
      es: "Terminar la grabación",
      ptBr: "Encerrar a gravação",
      ja: "録音を終了する",
    },
    options: [RECORDED_CHANNEL],
  },
  {
    name: { en: "pause", de: "pausieren", fr: "pause", es: "pausar", ptBr: "pausar", ja: "一時停止" },
    description: {
      en: "Pause the recording; nothing is kept until you resume it",
      de: "Pausiere die Aufnahme; bis zum Fortsetzen wird nichts behalten",
      fr: "Mettre en pause ; rien n'est gardé jusqu'à la reprise",
      es: "Pausar la grabación; no se guarda nada hasta reanudarla",
      ptBr: "Pausar a gravação; nada é guardado até retomar",
      ja: "録音を一時停止する。再開まで何も保存されない",
    },
    options: [RECORDED_CHANNEL],
  },
  {
    name: { en: "resume", de: "fortsetzen", fr: "reprendre", es: "reanudar", ptBr: "retomar", ja: "再開" },
    description: {
      en: "Resume a paused recording",
      de: "Setze eine pausierte Aufnahme fort",
      fr: "Reprendre un enregistrement en pause",
      es: "Reanudar una grabación en pausa",
      ptBr: "Retomar uma gravação pausada",
      ja: "一時停止した録音を再開する",
    },
    options: [RECORDED_CHANNEL],
  },
  {
    name: { en: "note", de: "notiz", fr: "note", es: "nota", ptBr: "nota", ja: "メモ" },
    description: {
      en: "Write a note at this moment of the recording",
      de: "Schreibe eine Notiz zu diesem Moment der Aufnahme",
      fr: "Écrire une note à ce moment de l'enregistrement",
      es: "Escribir una nota en este momento de la grabación",
      ptBr: "Escrever uma nota neste momento da gravação",
      ja: "録音のこの時点にメモを残す",
    },
    options: [
      {
        name: { en: "text", de: "text", fr: "texte", es: "texto", ptBr: "texto", ja: "本文" },
        description: {
          en: "The note",
          de: "Die Notiz",
          fr: "La note",
          es: "La nota",
          ptBr: "A nota",
          ja: "メモの内容",
        },
        kind: "text",
        required: true,
        maxLength: TEXT_LENGTH,
      },
      RECORDED_CHANNEL,
    ],
  },
  {
    name: { en: "status", de: "status", fr: "état", es: "estado", ptBr: "status", ja: "状態" },
    description: {
      en: "What is being recorded in this server now",
      de: "Was auf diesem Server gerade aufgenommen wird",
      fr: "Ce qui est enregistré maintenant sur ce serveur",
      es: "Qué se está grabando ahora en este servidor",
      ptBr: "O que está sendo gravado agora neste servidor",
      ja: "このサーバーで現在録音されているもの",
    },
    options: [],
  },
  {
    name: { en: "list", de: "liste", fr: "liste", es: "lista", ptBr: "lista", ja: "一覧" },
    description: {
      en: "The recordings of this server that you may open",
      de: "Die Aufnahmen dieses Servers, die du öffnen darfst",
      fr: "Les enregistrements de ce serveur que vous pouvez ouvrir",
      es: "Las grabaciones de este servidor que puedes abrir",
      ptBr: "As gravações deste servidor que você pode abrir",
      ja: "このサーバーの、自分が開ける録音",
    },
    options: [],
  },
];

/** The same limit holds in the modal of the panel. */
export const MAX_NOTE_LENGTH = TEXT_LENGTH;
