import { NOTICE_TEXTS } from "../../../session/notice-texts.ts";
import type { GuildSettings } from "../domain/guild-settings.ts";
import type { Answer, ComponentRequest, Handlers } from "./request.ts";
import { type RuleParts, settingsOf } from "./rule-parts.ts";

type Choice = "allow" | "decline";

/** `/record consent`: what applies to the asker in this server, and buttons with which they change it. */
export function consentCommand(parts: RuleParts): Pick<Handlers, "commands" | "components"> {
  return {
    commands: {
      consent: {
        run: async ({ guildId, asker }) => {
          const choice = await choiceOf(guildId, asker.userId, parts);
          return answerOf(sentence(choice, await settingsOf(guildId, parts)), choice);
        },
      },
    },
    components: { consent: { run: (request) => press(request, parts) } },
  };
}

async function press(
  { parts: words, guildId, asker, at }: ComponentRequest,
  parts: RuleParts,
): Promise<Answer | undefined> {
  const { store, consents } = parts;
  const choice = words[1];
  if (choice === "forget") {
    await store.removeConsent(guildId, asker.userId);
    return answerOf(
      `Forgotten. ${sentence(undefined, await settingsOf(guildId, parts))} A recording that runs keeps your last answer.`,
      undefined,
    );
  }
  if (choice !== "allow" && choice !== "decline") return undefined;
  await store.setConsent({ guildId, userId: asker.userId, choice, at });
  const reached = await consents.answer(guildId, { userId: asker.userId, name: asker.name, choice, at });
  const settings = await settingsOf(guildId, parts);
  return answerOf(`${sentence(choice, settings)} ${nowWords(reached)}`.trim(), choice);
}

async function choiceOf(guildId: string, userId: string, { store }: RuleParts): Promise<Choice | undefined> {
  return (await store.consents(guildId)).find((row) => row.userId === userId)?.choice;
}

function sentence(choice: Choice | undefined, { consent }: GuildSettings): string {
  if (choice === "decline") {
    return "You are not recorded in this server: nothing that you say in a recorded call is kept. What others' microphones pick up of you is in their files.";
  }
  if (choice === "allow") return "You allow recordings in this server, also in calls that ask everybody first.";
  switch (consent) {
    case "opt-in":
      return `You have not answered. In this server only those who press "${NOTICE_TEXTS.en.allow}" are recorded.`;
    case "opt-out":
      return "You have not answered. In this server everybody is recorded who has not refused. Each recording is announced with a button to refuse.";
    case "notice":
      return "You have not answered. In this server everybody is recorded who has not refused. Each recording is announced with a message.";
    case "none":
      return "You have not answered. In this server everybody is recorded who has not refused, without a message.";
  }
}

function nowWords({ calls, pending }: { readonly calls: number; readonly pending: number }): string {
  if (pending > 0) return "A recording could not be reached yet. It gets your answer as soon as it can be.";
  return calls === 0 ? "" : "It counts for the recordings that run now, too.";
}

function answerOf(text: string, choice: Choice | undefined): Answer {
  return {
    text,
    rows: [
      [
        { id: "record:consent:allow", label: NOTICE_TEXTS.en.allow, style: "success", disabled: choice === "allow" },
        {
          id: "record:consent:decline",
          label: NOTICE_TEXTS.en.decline,
          style: "danger",
          disabled: choice === "decline",
        },
        ...(choice === undefined
          ? []
          : [{ id: "record:consent:forget", label: "Forget my answer", style: "secondary" } as const]),
      ],
    ],
  };
}
