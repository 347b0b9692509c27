import type { CommandRow, GroupRow, OptionRow, Text } from "./command-rows.ts";

/** `/record why`, `/record consent` and `/record settings`: names and help texts, with their translations. */

const text = (en: string, de: string, fr: string, es: string, ptBr: string, ja: string): Text => ({
  ...{ en, de, fr, es, ptBr, ja },
});

const NAME = {
  channel: text("channel", "kanal", "salon", "canal", "canal", "チャンネル"),
  role: text("role", "rolle", "rôle", "rol", "cargo", "ロール"),
  rule: text("rule", "regel", "règle", "regla", "regra", "ルール"),
};

const ruleOption: OptionRow = {
  name: NAME.rule,
  description: text("Which rule", "Welche Regel", "Quelle règle", "Qué regla", "Qual regra", "どのルール"),
  ...{ kind: "text", required: true, completes: true, maxLength: 100 },
};

const why: CommandRow = {
  name: text("why", "warum", "pourquoi", "porqué", "porquê", "理由"),
  description: text(
    "Which rule applies to a voice channel, and why it records now or does not",
    "Welche Regel für einen Sprachkanal gilt und warum sie jetzt aufnimmt oder nicht",
    "Quelle règle s'applique à un salon vocal, et pourquoi elle enregistre ou non",
    "Qué regla se aplica a un canal de voz y por qué graba ahora o no",
    "Qual regra vale para um canal de voz e por que ela grava agora ou não",
    "ボイスチャンネルに適用されるルールと、今録音する・しない理由",
  ),
  options: [
    {
      name: NAME.channel,
      description: text(
        "The voice channel",
        "Der Sprachkanal",
        "Le salon vocal",
        "El canal de voz",
        "O canal de voz",
        "ボイスチャンネル",
      ),
      ...{ kind: "voice_channel", required: true },
    },
  ],
};

const consent: CommandRow = {
  name: text("consent", "einwilligung", "consentement", "consentimiento", "consentimento", "同意"),
  description: text(
    "What applies to you in this server, and buttons to change it",
    "Was auf diesem Server für dich gilt, mit Knöpfen zum Ändern",
    "Ce qui s'applique à toi sur ce serveur, avec des boutons pour le changer",
    "Qué se aplica a ti en este servidor, con botones para cambiarlo",
    "O que vale para você neste servidor, com botões para mudar",
    "このサーバーであなたに適用される内容と変更ボタン",
  ),
  options: [],
};

const show: CommandRow = {
  name: text("show", "zeigen", "voir", "ver", "ver", "表示"),
  description: text(
    "How this server is recorded: rules, who may do what, notices",
    "Wie dieser Server aufgenommen wird: Regeln, wer was darf, Hinweise",
    "Comment ce serveur est enregistré : règles, droits, annonces",
    "Cómo se graba este servidor: reglas, permisos, avisos",
    "Como este servidor é gravado: regras, permissões, avisos",
    "このサーバーの録音設定：ルール、権限、通知",
  ),
  options: [],
};

const set: CommandRow = {
  name: text("set", "ändern", "changer", "cambiar", "mudar", "変更"),
  description: text(
    "Change how people are informed, the language, the time zone, or where links are posted",
    "Hinweis, Sprache, Zeitzone oder Kanal für Links ändern",
    "Changer l'annonce, la langue, le fuseau horaire ou le salon des liens",
    "Cambiar el aviso, el idioma, la zona horaria o el canal de los enlaces",
    "Mudar o aviso, o idioma, o fuso horário ou o canal dos links",
    "通知方法、言語、タイムゾーン、リンクの投稿先を変更",
  ),
  options: [
    {
      name: text("consent", "einwilligung", "consentement", "consentimiento", "consentimento", "同意"),
      description: text(
        "Whether people are informed or asked before they are recorded",
        "Ob Leute vor der Aufnahme informiert oder gefragt werden",
        "Si les gens sont informés ou consultés avant l'enregistrement",
        "Si se informa o se pregunta a la gente antes de grabar",
        "Se as pessoas são informadas ou perguntadas antes da gravação",
        "録音前に知らせるか、確認するか",
      ),
      kind: "text",
      choices: [
        {
          name: text("a message", "eine Nachricht", "un message", "un mensaje", "uma mensagem", "メッセージのみ"),
          value: "notice",
        },
        {
          name: text(
            "a message, and a button to refuse",
            "eine Nachricht und ein Knopf zum Ablehnen",
            "un message et un bouton pour refuser",
            "un mensaje y un botón para negarse",
            "uma mensagem e um botão para recusar",
            "メッセージと拒否ボタン",
          ),
          value: "opt-out",
        },
        {
          name: text(
            "record only those who press Allow",
            "nur aufnehmen, wer „Erlauben“ drückt",
            "n'enregistrer que ceux qui acceptent",
            "grabar solo a quienes lo permitan",
            "gravar só quem permitir",
            "許可した人だけ録音",
          ),
          value: "opt-in",
        },
        {
          name: text("nothing", "nichts", "rien", "nada", "nada", "何もしない"),
          value: "none",
        },
      ],
    },
    {
      name: text("language", "sprache", "langue", "idioma", "idioma", "言語"),
      description: text(
        "Language of the messages in the channel",
        "Sprache der Nachrichten im Kanal",
        "Langue des messages dans le salon",
        "Idioma de los mensajes en el canal",
        "Idioma das mensagens no canal",
        "チャンネルに投稿するメッセージの言語",
      ),
      kind: "text",
      choices: [
        { name: text("English", "Englisch", "anglais", "inglés", "inglês", "英語"), value: "en" },
        { name: text("German", "Deutsch", "allemand", "alemán", "alemão", "ドイツ語"), value: "de" },
      ],
    },
    {
      name: text("time-zone", "zeitzone", "fuseau-horaire", "zona-horaria", "fuso-horário", "タイムゾーン"),
      description: text(
        "Such as Europe/Berlin; for quiet hours and titles",
        "Zum Beispiel Europe/Berlin; für Ruhezeiten und Titel",
        "Par exemple Europe/Paris ; pour les heures calmes et les titres",
        "Por ejemplo Europe/Madrid; para horas de silencio y títulos",
        "Por exemplo America/Sao_Paulo; para horas de silêncio e títulos",
        "例：Asia/Tokyo（録音しない時間とタイトル用）",
      ),
      ...{ kind: "text", completes: true, maxLength: 64 },
    },
    {
      name: text("announce", "ankündigen", "annonce", "anunciar", "anunciar", "告知"),
      description: text(
        "Where the link is posted when a recording is over",
        "Wo der Link steht, wenn eine Aufnahme fertig ist",
        "Où le lien est publié quand un enregistrement est terminé",
        "Dónde se publica el enlace cuando termina una grabación",
        "Onde o link é publicado quando uma gravação termina",
        "録音終了後にリンクを投稿する場所",
      ),
      kind: "text_channel",
    },
    {
      name: text(
        "announce-in-call",
        "im-sprachkanal-ankündigen",
        "annonce-dans-l-appel",
        "anunciar-en-la-llamada",
        "anunciar-na-chamada",
        "通話内で告知",
      ),
      description: text(
        "Post the link in the voice channel's own chat again",
        "Den Link wieder im Chat des Sprachkanals posten",
        "Publier de nouveau le lien dans le chat du salon vocal",
        "Publicar de nuevo el enlace en el chat del canal de voz",
        "Publicar o link de novo no chat do canal de voz",
        "リンクを再びボイスチャンネルのチャットに投稿",
      ),
      kind: "flag",
    },
  ],
};

const roles: CommandRow = {
  name: text("roles", "rollen", "rôles", "roles", "cargos", "ロール"),
  description: text(
    "Say which roles may start, stop, get recordings, or change settings",
    "Festlegen, welche Rollen starten, stoppen, Aufnahmen bekommen oder einstellen dürfen",
    "Choisir les rôles qui peuvent démarrer, arrêter, obtenir ou configurer",
    "Elegir qué roles pueden iniciar, detener, obtener o configurar",
    "Escolher quais cargos podem iniciar, parar, obter ou configurar",
    "開始・停止・取得・設定できるロールを決める",
  ),
  options: [
    {
      name: text("may", "dürfen", "peut", "puede", "pode", "操作"),
      description: text(
        "What the role may do",
        "Was die Rolle darf",
        "Ce que le rôle peut faire",
        "Qué puede hacer el rol",
        "O que o cargo pode fazer",
        "ロールができること",
      ),
      ...{ kind: "text", required: true },
      choices: [
        {
          name: text("start recordings", "Aufnahmen starten", "démarrer", "iniciar", "iniciar", "開始"),
          value: "start",
        },
        { name: text("stop recordings", "Aufnahmen stoppen", "arrêter", "detener", "parar", "停止"), value: "stop" },
        { name: text("get recordings", "Aufnahmen bekommen", "obtenir", "obtener", "obter", "取得"), value: "get" },
        {
          name: text("change settings", "Einstellungen ändern", "configurer", "configurar", "configurar", "設定変更"),
          value: "configure",
        },
      ],
    },
    {
      name: NAME.role,
      description: text("The role", "Die Rolle", "Le rôle", "El rol", "O cargo", "ロール"),
      ...{ kind: "role", required: true },
    },
    {
      name: text("remove", "entfernen", "retirer", "quitar", "remover", "削除"),
      description: text(
        "Take it away again",
        "Wieder wegnehmen",
        "Le retirer",
        "Quitarlo de nuevo",
        "Tirar de novo",
        "取り消す",
      ),
      kind: "flag",
    },
  ],
};

const addRule: CommandRow = {
  name: text("add-rule", "regel-hinzufügen", "ajouter-règle", "añadir-regla", "adicionar-regra", "ルール追加"),
  description: text(
    "Record a voice channel, a category or all voice channels without a command",
    "Einen Sprachkanal, eine Kategorie oder alle Sprachkanäle von selbst aufnehmen",
    "Enregistrer un salon, une catégorie ou tous les salons vocaux sans commande",
    "Grabar un canal, una categoría o todos los canales de voz sin comando",
    "Gravar um canal, uma categoria ou todos os canais de voz sem comando",
    "チャンネル・カテゴリー・全ボイスチャンネルを自動録音",
  ),
  options: [
    {
      name: NAME.channel,
      description: text(
        "Only this voice channel",
        "Nur dieser Sprachkanal",
        "Seulement ce salon vocal",
        "Solo este canal de voz",
        "Só este canal de voz",
        "このボイスチャンネルのみ",
      ),
      kind: "voice_channel",
    },
    {
      name: text("category", "kategorie", "catégorie", "categoría", "categoria", "カテゴリー"),
      description: text(
        "All voice channels of this category",
        "Alle Sprachkanäle dieser Kategorie",
        "Tous les salons vocaux de cette catégorie",
        "Todos los canales de voz de esta categoría",
        "Todos os canais de voz desta categoria",
        "このカテゴリーの全ボイスチャンネル",
      ),
      kind: "category",
    },
    {
      name: text("people", "leute", "personnes", "personas", "pessoas", "人数"),
      description: text(
        "From how many people on; bots are not counted; 2 if you leave it out",
        "Ab wie vielen Leuten; Bots zählen nicht; ohne Angabe 2",
        "À partir de combien de personnes, sans les bots ; 2 par défaut",
        "Desde cuántas personas, sin bots; 2 si no lo indicas",
        "A partir de quantas pessoas, sem bots; 2 se você não disser",
        "何人から録音するか（ボットを除く、既定は2）",
      ),
      ...{ kind: "number", min: 1, max: 99 },
    },
    {
      name: NAME.role,
      description: text(
        "Only if somebody with this role is there",
        "Nur wenn jemand mit dieser Rolle da ist",
        "Seulement si quelqu'un avec ce rôle est présent",
        "Solo si alguien con este rol está presente",
        "Só se alguém com este cargo estiver lá",
        "このロールの人がいる場合のみ",
      ),
      kind: "role",
    },
    {
      name: text("person", "person", "personne", "persona", "pessoa", "人"),
      description: text(
        "Only if this person is there, or somebody with the role",
        "Nur wenn diese Person da ist, oder jemand mit der Rolle",
        "Seulement si cette personne, ou quelqu'un avec le rôle, est présente",
        "Solo si esta persona, o alguien con el rol, está presente",
        "Só se esta pessoa, ou alguém com o cargo, estiver lá",
        "この人（またはロールの人）がいる場合のみ",
      ),
      kind: "user",
    },
    {
      name: text("quiet-from", "ruhe-von", "calme-de", "silencio-desde", "silêncio-de", "休止開始"),
      description: text(
        "Start nothing from this time of day, such as 22:00",
        "Ab dieser Uhrzeit nichts starten, zum Beispiel 22:00",
        "Ne rien démarrer à partir de cette heure, par exemple 22:00",
        "No iniciar nada desde esta hora, por ejemplo 22:00",
        "Não iniciar nada a partir desta hora, por exemplo 22:00",
        "この時刻から開始しない（例 22:00）",
      ),
      ...{ kind: "text", maxLength: 5 },
    },
    {
      name: text("quiet-to", "ruhe-bis", "calme-à", "silencio-hasta", "silêncio-até", "休止終了"),
      description: text(
        "Until this time of day, such as 07:00",
        "Bis zu dieser Uhrzeit, zum Beispiel 07:00",
        "Jusqu'à cette heure, par exemple 07:00",
        "Hasta esta hora, por ejemplo 07:00",
        "Até esta hora, por exemplo 07:00",
        "この時刻まで（例 07:00）",
      ),
      ...{ kind: "text", maxLength: 5 },
    },
    {
      name: text("title", "titel", "titre", "título", "título", "タイトル"),
      description: text(
        "May hold {channel}, {category}, {server}, {date}, {time}, {starter}",
        "Darf {channel}, {category}, {server}, {date}, {time}, {starter} enthalten",
        "Peut contenir {channel}, {category}, {server}, {date}, {time}, {starter}",
        "Puede contener {channel}, {category}, {server}, {date}, {time}, {starter}",
        "Pode conter {channel}, {category}, {server}, {date}, {time}, {starter}",
        "{channel}、{category}、{server}、{date}、{time}、{starter} を使えます",
      ),
      ...{ kind: "text", maxLength: 100 },
    },
    {
      name: text("announce", "ankündigen", "annonce", "anunciar", "anunciar", "告知"),
      description: text(
        "Where the link is posted; the server's channel if you leave it out",
        "Wo der Link steht; ohne Angabe der Kanal des Servers",
        "Où le lien est publié ; le salon du serveur par défaut",
        "Dónde se publica el enlace; el canal del servidor si no lo indicas",
        "Onde o link é publicado; o canal do servidor se você não disser",
        "リンクの投稿先（既定はサーバーの設定）",
      ),
      kind: "text_channel",
    },
    {
      name: text(
        "wait-seconds",
        "wartezeit-sekunden",
        "attente-secondes",
        "espera-segundos",
        "espera-segundos",
        "待機秒数",
      ),
      description: text(
        "How long it waits for people to come back before it ends; 60 if you leave it out",
        "Wie lange es auf Rückkehr wartet, bevor es endet; ohne Angabe 60",
        "Combien de temps attendre un retour avant la fin ; 60 par défaut",
        "Cuánto espera a que vuelvan antes de terminar; 60 si no lo indicas",
        "Quanto espera que voltem antes de terminar; 60 se você não disser",
        "終了前に戻りを待つ秒数（既定は60）",
      ),
      ...{ kind: "number", min: 5, max: 3600 },
    },
  ],
};

const removeRule: CommandRow = {
  name: text("remove-rule", "regel-entfernen", "supprimer-règle", "quitar-regla", "remover-regra", "ルール削除"),
  description: text(
    "Remove a rule; a recording that runs continues",
    "Eine Regel entfernen; eine laufende Aufnahme läuft weiter",
    "Supprimer une règle ; un enregistrement en cours continue",
    "Quitar una regla; una grabación en curso continúa",
    "Remover uma regra; uma gravação em curso continua",
    "ルールを削除（実行中の録音は続行）",
  ),
  options: [ruleOption],
};

const switchRule: CommandRow = {
  name: text("switch-rule", "regel-schalten", "activer-règle", "activar-regla", "ligar-regra", "ルール切替"),
  description: text(
    "Switch a rule off for a while, or on again",
    "Eine Regel eine Zeit lang ausschalten oder wieder ein",
    "Désactiver une règle un moment, ou la réactiver",
    "Desactivar una regla un tiempo, o activarla de nuevo",
    "Desligar uma regra por um tempo, ou ligar de novo",
    "ルールを一時的にオフ、または再びオン",
  ),
  options: [
    ruleOption,
    {
      name: text("on", "an", "active", "activa", "ligada", "オン"),
      description: text("On or off", "An oder aus", "Active ou non", "Activa o no", "Ligada ou não", "オンかオフか"),
      ...{ kind: "flag", required: true },
    },
  ],
};

const settings: GroupRow = {
  name: text("settings", "einstellungen", "réglages", "ajustes", "ajustes", "設定"),
  description: text(
    "How this server is recorded",
    "Wie dieser Server aufgenommen wird",
    "Comment ce serveur est enregistré",
    "Cómo se graba este servidor",
    "Como este servidor é gravado",
    "このサーバーの録音設定",
  ),
  commands: [show, set, roles, addRule, removeRule, switchRule],
};

export const RULE_ROWS: readonly (CommandRow | GroupRow)[] = [why, consent, settings];
