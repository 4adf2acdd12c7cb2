/** Handlers for what takes long: how far it is, and an end to it. */
import { Effect } from "effect";
import type { EmbeddingProgress, TrainingProgress } from "#actors/kit/memory-doors.ts";
import { type AgentId, childId } from "#events/kit/ids.ts";
import { type Asking, ask } from "../asker.ts";
import type { OperationView } from "../memory-api.ts";
import { problem } from "../problem.ts";

const BODY = "[0-9a-hjkmnp-tv-z]{26}";
const OPERATION = new RegExp(`^op_(${BODY})_${BODY}$`);

const bodyOf = (id: string): string => id.slice(id.indexOf("_") + 1);

/** The id of an operation of an agent that this command began: it leads to the agent, and is the same for the same command. */
export const operationId = (agent: AgentId, command: string): string =>
  `op_${bodyOf(agent)}_${bodyOf(childId("command", agent, command))}`;

/** The agent whose operation it is; undefined when it can be nobody's. */
export const agentOf = (id: string): AgentId | undefined => {
  const agent = OPERATION.exec(id)?.[1];
  return agent === undefined ? undefined : (`agt_${agent}` as AgentId);
};

const isEmbedding = (id: string): boolean => {
  const agent = agentOf(id);
  return agent !== undefined && id === embeddingId(agent);
};

/** An operation as the API tells it. */
export const operationView = ({ trainingId, status, done, total, result }: TrainingProgress): OperationView => ({
  id: trainingId,
  status,
  done,
  total,
  result: result && {
    ...{ taken: result.taken, refused: result.refused, refused_rows: result.refusedRows },
    next_refused: result.nextRefused,
  },
  error: status === "failed" ? "What was left to learn could not be read any more." : null,
});

/** The one operation of an agent that nobody begins: its memories are embedded, with each model anew. */
export const embeddingId = (agent: AgentId): string => operationId(agent, "embedding");

const embeddingView = (id: string, { status, done, total, error }: EmbeddingProgress): OperationView => ({
  ...{ id, status, done, total, result: null },
  error: error === undefined ? null : `The provider of embeddings is being waited for: ${error}.`,
});

const known = (id: string) => {
  const agent = agentOf(id);
  return agent === undefined
    ? Effect.fail(problem("not-found", { detail: "There is no such operation." }))
    : Effect.succeed(({ env }: Asking) => env.AGENT.getByName(agent));
};

export const operation = Effect.fnUntraced(function* (id: string, refusedAfter?: number) {
  const door = yield* known(id);
  if (isEmbedding(id)) return embeddingView(id, yield* ask((asking) => door(asking).embedding(asking.principal)));
  return operationView(yield* ask((asking) => door(asking).training(asking.principal, id, refusedAfter)));
});

/** Takes up again what was cancelled. What is learned once is not learned again: a cancelled training stays so. */
export const resume = Effect.fnUntraced(function* (id: string) {
  const door = yield* known(id);
  if (isEmbedding(id)) {
    return embeddingView(id, yield* ask((asking) => door(asking).embedding(asking.principal, "resume")));
  }
  yield* ask((asking) => door(asking).training(asking.principal, id));
  return yield* problem("conflict", { detail: "A training is not resumed: send what is left of it as another one." });
});

/** Ends it where it stands; one that is over stays as it is. */
export const cancel = Effect.fnUntraced(function* (id: string) {
  const door = yield* known(id);
  if (isEmbedding(id)) {
    return embeddingView(id, yield* ask((asking) => door(asking).embedding(asking.principal, "cancel")));
  }
  return operationView(yield* ask((asking) => door(asking).cancelTraining(asking.principal, id)));
});
