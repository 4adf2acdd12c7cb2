/** The TurnLedger port over an agent's own log: what a turn may read and decide; built by AgentActor. */
import { Effect } from "effect";
import type { AgentCommand } from "#events/agent/commands.ts";
import { nextAskOf } from "#events/agent/decide-turn.ts";
import type { AgentCreated, AgentEvent, PersonalitySet } from "#events/agent/events.ts";
import type { AgentRefusal } from "#events/agent/refusals.ts";
import { type AgentState, toolsAllowed } from "#events/agent/state.ts";
import type { EventOf } from "#events/kit/define.ts";
import { Erased, type Recorded, type Unsealed } from "#events/kit/envelope.ts";
import { type ActorName, agentName } from "#events/kit/ids.ts";
import type { Ledger, NeedKeys } from "../kit/ledger.ts";
import type { Reply } from "../kit/reply.ts";
import { digest } from "../kit/seal.ts";
import type { Committed } from "../kit/settled-commands.ts";
import { KeyFailure } from "./turn/failures.ts";
import { type Configuration, Overtaken, type Personality, type TurnLedger } from "./turn/ports.ts";
import { quick } from "./turn/schedules.ts";

/** When an owner gave no number: enough for a long answer, far from every model's own limit. */
const DEFAULT_MAX_TOKENS = 1_024;

export interface AgentLog {
  readonly ledger: Ledger<AgentState, AgentCommand, AgentEvent, AgentRefusal>;
  readonly commit: (command: AgentCommand) => Reply<Committed> | NeedKeys;
  readonly fetchKeys: (subjects: ReadonlyArray<ActorName>) => Promise<void>;
  /** The notes of a room that may be read. */
  readonly notes: TurnLedger["Service"]["summary"];
  /** The moment in which others commit as well; undefined where nobody is waited for. */
  readonly gather?: () => Promise<void> | undefined;
}

/**
 * Runs a synchronous breath; where keys are missing, fetches them and takes the breath anew. A Vault that is away for a
 * moment must not cost what waits to be recorded: a model's reply is paid for.
 */
const withKeys = <A>(log: AgentLog, breath: () => A | NeedKeys): Effect.Effect<A, KeyFailure> =>
  Effect.suspend(() => {
    const answer = breath();
    if (!isNeedKeys(answer)) return Effect.succeed(answer);
    return Effect.tryPromise({
      try: () => log.fetchKeys(answer.subjects),
      catch: () => new KeyFailure({ detail: "the Vault did not answer" }),
    }).pipe(
      Effect.retry(quick),
      Effect.flatMap(() => withKeys(log, breath)),
    );
  });

const isNeedKeys = (answer: unknown): answer is NeedKeys =>
  typeof answer === "object" && answer !== null && "outcome" in answer && answer.outcome === "need-keys";

/** The port, over this log. */
export function turnLedger(log: AgentLog): TurnLedger["Service"] {
  const { ledger } = log;
  const reveal = (seqs: ReadonlyArray<number>) => withKeys(log, () => ledger.reveal(seqs));
  let known: Configuration | undefined;
  /** What an owner decided, from the events it stands in, with these tools. */
  const configurationFrom = (configSeq: number, personalitySeq: number, tools: ReadonlyArray<string>) =>
    Effect.suspend(() => {
      const seqs = [configSeq, ...(personalitySeq > 0 ? [personalitySeq] : [])];
      // A turn asks several times, and the words stand far back in the log: what is unchanged is not opened again.
      if (known?.configSeq === configSeq && known.personalitySeq === personalitySeq && ledger.isRevealed(seqs))
        return Effect.succeed({ ...known, tools });
      return Effect.map(reveal(seqs), ([config, personality]) => {
        known = configurationOf(config!, personality, tools);
        return known;
      });
    });
  return {
    get agentId() {
      return ledger.state.agentId!;
    },
    turn: (turnId) => ledger.state.turns[turnId],
    nextAsk: (turn, at) => nextAskOf(turn, ledger.state, at),
    summary: log.notes,
    recent: (roomId) => {
      const { recent = [], waiting = [] } = ledger.state.rooms[roomId] ?? {};
      const later = waiting.map((turnId) => ledger.state.turns[turnId]?.triggerSeq);
      return recent.filter((seq) => !later.includes(seq));
    },
    reveal,
    read: (after, limit, types, before) => ledger.read(after, limit, types, before),
    // Once they were SHA-256 of the words alone, and stood for guesses to be tried on after the words were erased.
    digest: (text, like = "hmac:") =>
      like.startsWith("hmac:")
        ? withKeys(log, () => ledger.digest(agentName(ledger.state.agentId!), text, like)).pipe(
            Effect.filterOrFail(
              (hash) => hash !== Erased,
              () => new KeyFailure({ detail: "the agent's key is destroyed" }),
            ),
          )
        : Effect.succeed(digest(text)),
    moment: Effect.suspend(() => {
      const moment = log.gather?.();
      return moment === undefined ? Effect.void : Effect.promise(() => moment);
    }),
    commit: (command) =>
      withKeys(log, () => log.commit(command)).pipe(
        Effect.flatMap((reply) =>
          reply.outcome === "accepted" ? Effect.void : Effect.fail(new Overtaken({ refusal: reply.refusal._tag })),
        ),
      ),
    configuration: () =>
      Effect.suspend(() => {
        const { configSeq, personalitySeq } = ledger.state;
        return configurationFrom(configSeq, personalitySeq, toolsAllowed(ledger.state));
      }),
    configurationAt: ({ seq, v, open }) => {
      // The first version did not name the personality: it was the newest at that time.
      const chosen = v === 1 ? (ledger.newest("PersonalitySet", 1, seq)[0]?.seq ?? 0) : open.personalitySeq;
      return configurationFrom(open.configSeq, chosen, open.tools);
    },
  };
}

type Found<D> = Recorded<EventOf<D>>["open"];

const listOf = (words: Unsealed["words"], key: string): ReadonlyArray<string> =>
  words === Erased ? [] : ((words[key] as ReadonlyArray<string> | undefined) ?? []);

function personalityOf({ event, words }: Unsealed): Personality {
  const { traits, style } = event.open as Found<typeof PersonalitySet>;
  return {
    traits,
    style,
    interests: listOf(words, "interests"),
    expertise: listOf(words, "expertise"),
    limitations: listOf(words, "limitations"),
  };
}

function configurationOf(
  { event, words }: Unsealed,
  personality: Unsealed | undefined,
  tools: ReadonlyArray<string>,
): Configuration {
  const { name, provider, model, maxTokens, temperature, memoryEnabled } = event.open as Found<typeof AgentCreated>;
  return {
    configSeq: event.seq,
    personalitySeq: personality?.event.seq ?? 0,
    name,
    systemPrompt: words === Erased ? "[erased]" : String(words.systemPrompt ?? ""),
    choice: {
      provider,
      model,
      maxTokens: maxTokens ?? DEFAULT_MAX_TOKENS,
      ...(temperature === undefined ? {} : { temperature }),
    },
    tools,
    memoryEnabled,
    personality: personality && personalityOf(personality),
  };
}
