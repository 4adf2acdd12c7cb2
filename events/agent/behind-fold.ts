/** How requests that nobody waits for change the agent's state: what they reserve and what they cost; used by state.ts. */
import type { RecordedOf } from "../kit/envelope.ts";
import { agentName, type RoomId } from "../kit/ids.ts";
import type { Purpose } from "./behind-events.ts";
import { addToDay, dayAt, settleOnDay, usedInstead } from "./budget.ts";
import type { AgentEvent } from "./events.ts";
import type { AgentState } from "./views.ts";

type Recorded = RecordedOf<AgentEvent>;
type Of<T extends AgentEvent["type"]> = Extract<Recorded, { type: T }>;
interface Request {
  readonly request: string;
  readonly purpose: Purpose;
  readonly roomId: RoomId;
}

const matterOf = ({ purpose, roomId }: Omit<Request, "request">): string => `${purpose}/${roomId}`;

/** The reserve of this request, while it is under way. */
export const underWay = ({ behind }: AgentState, open: Request): AgentState["behind"][string] | undefined => {
  const found = behind[matterOf(open)];
  return found?.request === open.request ? found : undefined;
};

/** What nobody asked for, the agent spends for itself. */
export const forItself = ({ agentId }: AgentState, roomId: RoomId) => ({ roomId, askers: [agentName(agentId!)] });

/** An intent without an outcome belongs to a process that died: the next one takes its place, and its reserve is kept. */
function asked(state: AgentState, event: Of<"ModelAskedBehind">): AgentState {
  const { request, roomId, tokens, microUsd } = event.open;
  const day = addToDay(dayAt(state.day, event.at), forItself(state, roomId), { tokens, microUsd });
  const reserved = { request, tokens, microUsd, day: day.number };
  return { ...state, day, behind: { ...state.behind, [matterOf(event.open)]: reserved } };
}

const over = (state: AgentState, open: Request): AgentState => {
  const { [matterOf(open)]: _over, ...behind } = state.behind;
  return underWay(state, open) === undefined ? state : { ...state, behind };
};

function replied(state: AgentState, { open, at }: Of<"ModelRepliedBehind">): AgentState {
  const reserved = underWay(state, open);
  if (reserved === undefined) return state;
  const used = usedInstead(reserved, open);
  return over({ ...state, day: settleOnDay(state.day, forItself(state, open.roomId), reserved, used, at) }, open);
}

/** What each event of such a request changes. */
export const behindChanges = {
  ModelAskedBehind: asked,
  ModelFailedBehind: (state, { open }) => over(state, open),
  ModelRepliedBehind: replied,
} satisfies { readonly [T in AgentEvent["type"]]?: (state: AgentState, event: Of<T>) => AgentState };
