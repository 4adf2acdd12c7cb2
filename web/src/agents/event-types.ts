/** The names of what can happen to an agent, as the log's own declarations have them; the events page filters by them. */
import { agentEvents } from "#events/agent/events.ts";

export const eventTypes: ReadonlyArray<string> = agentEvents.map((event) => event.type).toSorted();
