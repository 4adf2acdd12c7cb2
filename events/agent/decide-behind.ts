/** Whether a model may be asked while nobody waits, and what its answer settles; part of decide.ts. */
import { forItself, underWay } from "./behind-fold.ts";
import { dayAt, nothing, overBudget } from "./budget.ts";
import type { AgentCommand, AgentCommandOf } from "./commands.ts";
import { type Answer, accept, refuse } from "./decide-turn.ts";
import * as E from "./events.ts";
import { AgentIsInactive, NotInRoom, OverBudget } from "./refusals.ts";
import type { AgentState } from "./state.ts";

/** The intent of a request, with its reserve; one that no ceiling of the day allows is not made. */
function askBehind(command: AgentCommandOf<"AskBehind">, state: AgentState): Answer {
  const { type: _type, meta, ...open } = command;
  const { roomId, tokens, microUsd } = open;
  if (state.status !== "active") return refuse(new AgentIsInactive());
  if (state.rooms[roomId] === undefined) return refuse(new NotInRoom({ roomId }));
  const spent = { turn: nothing, day: dayAt(state.day, meta.at) };
  const scope = overBudget(state.budget, spent, forItself(state, roomId), { tokens, microUsd });
  return scope === undefined ? accept(E.ModelAskedBehind(open)) : refuse(new OverBudget({ scope }));
}

/** An outcome counts once, and for the request that is under way. */
function failBehind(command: AgentCommandOf<"RecordFailureBehind">, state: AgentState): Answer {
  const { type: _type, meta: _meta, ...open } = command;
  return underWay(state, open) === undefined ? accept() : accept(E.ModelFailedBehind(open));
}

function replyBehind(command: AgentCommandOf<"RecordReplyBehind">, state: AgentState): Answer {
  const { type: _type, meta: _meta, ...open } = command;
  return underWay(state, open) === undefined ? accept() : accept(E.ModelRepliedBehind(open));
}

/** What each command about such a request is answered. */
export const behindAnswers = {
  AskBehind: askBehind,
  RecordFailureBehind: failBehind,
  RecordReplyBehind: replyBehind,
} satisfies { readonly [T in AgentCommand["type"]]?: (command: AgentCommandOf<T>, state: AgentState) => Answer };
