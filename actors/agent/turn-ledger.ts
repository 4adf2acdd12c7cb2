/** The TurnLedger port over an agent's own log: what a turn may read and decide; built by AgentActor. */
import { Effect } from "effect";
import type { AgentCommand } from "#events/agent/commands.ts";
import { nextAskOf } from "#events/agent/decide-turn.ts";
import type { AgentEvent } from "#events/agent/events.ts";
import type { AgentRefusal } from "#events/agent/refusals.ts";
import type { AgentState } from "#events/agent/state.ts";
import { Erased } from "#events/kit/envelope.ts";
import type { ActorName } from "#events/kit/ids.ts";
import type { Committed, Ledger, NeedKeys } from "../kit/ledger.ts";
import type { Reply } from "../kit/reply.ts";
import { digest } from "../kit/seal.ts";
import { KeyFailure } from "./turn/failures.ts";
import { type Configuration, Overtaken, type Personality, type TurnLedger } from "./turn/ports.ts";

/** When an owner gave no number: enough for a long answer, far from every model's own limit. */
const DEFAULT_MAX_TOKENS = 1_024;

export interface AgentLog {
  readonly ledger: Ledger<AgentState, AgentCommand, AgentEvent, AgentRefusal>;
  readonly commitNow: (command: AgentCommand) => Reply<Committed> | NeedKeys;
  readonly fetchKeys: (subjects: ReadonlyArray<ActorName>) => Promise<void>;
}

/** Runs a synchronous breath; where keys are missing, fetches them and takes the breath anew. */
const withKeys = <A>(log: AgentLog, breath: () => A | NeedKeys): Effect.Effect<A, KeyFailure> =>
  Effect.suspend(() => {
    const answer = breath();
    if (!isNeedKeys(answer)) return Effect.succeed(answer);
    return Effect.tryPromise({
      try: () => log.fetchKeys(answer.subjects),
      catch: () => new KeyFailure({ detail: "the Vault did not answer" }),
    }).pipe(Effect.flatMap(() => withKeys(log, breath)));
  });

const isNeedKeys = (answer: unknown): answer is NeedKeys =>
  typeof answer === "object" && answer !== null && "outcome" in answer && answer.outcome === "need-keys";

/** A configuration as it was opened, and what it was opened from. */
interface Opened extends Pick<AgentState, "configSeq" | "personalitySeq" | "tools"> {
  readonly configuration: Configuration;
}

/** The port, over this log. */
export function turnLedger(log: AgentLog): TurnLedger["Service"] {
  const { ledger } = log;
  const reveal = (seqs: ReadonlyArray<number>) => withKeys(log, () => ledger.reveal(seqs));
  let known: Opened | undefined;
  return {
    get agentId() {
      return ledger.state.agentId!;
    },
    turn: (turnId) => ledger.state.turns[turnId],
    nextAsk: (turn, at) => nextAskOf(turn, ledger.state, at),
    summary: (roomId) => ledger.state.rooms[roomId]?.summary ?? null,
    recent: (roomId) => ledger.state.rooms[roomId]?.recent ?? [],
    reveal,
    digest,
    commit: (command) =>
      withKeys(log, () => log.commitNow(command)).pipe(
        Effect.flatMap((reply) =>
          reply.outcome === "accepted" ? Effect.void : Effect.fail(new Overtaken({ refusal: reply.refusal._tag })),
        ),
      ),
    configuration: () =>
      Effect.suspend(() => {
        const { state } = ledger;
        // A turn asks several times, and the words stand far back in the log: what is unchanged is not opened again.
        if (
          known?.configSeq === state.configSeq &&
          known.personalitySeq === state.personalitySeq &&
          known.tools === state.tools
        )
          return Effect.succeed(known.configuration);
        const seqs = [state.configSeq, state.personalitySeq].filter((seq) => seq > 0);
        return Effect.map(reveal(seqs), ([config, personality]) => {
          const configuration = configurationOf(state, config?.words, personality?.words);
          const { configSeq, personalitySeq, tools } = state;
          known = { configSeq, personalitySeq, tools, configuration };
          return configuration;
        });
      }),
  };
}

type WordsFound = Readonly<Record<string, unknown>> | Erased | undefined;

const textOf = (words: WordsFound, key: string): string =>
  words === undefined || words === Erased ? "" : String(words[key] ?? "");

const listOf = (words: WordsFound, key: string): ReadonlyArray<string> =>
  words === undefined || words === Erased ? [] : ((words[key] as ReadonlyArray<string> | undefined) ?? []);

function configurationOf(state: AgentState, config: WordsFound, personality: WordsFound): Configuration {
  const chosen: Personality | undefined =
    state.personalitySeq === 0
      ? undefined
      : {
          traits: state.traits,
          style: state.style,
          interests: listOf(personality, "interests"),
          expertise: listOf(personality, "expertise"),
          limitations: listOf(personality, "limitations"),
        };
  return {
    name: state.name,
    systemPrompt: textOf(config, "systemPrompt"),
    choice: {
      provider: state.provider,
      model: state.model,
      maxTokens: state.maxTokens ?? DEFAULT_MAX_TOKENS,
      ...(state.temperature === null ? {} : { temperature: state.temperature }),
    },
    tools: Object.keys(state.tools).filter((name) => state.tools[name] === "allow"),
    memoryEnabled: state.memoryEnabled,
    personality: chosen,
  };
}
