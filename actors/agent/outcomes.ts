/** How turns ended, told to those who wait for it and read back from the log for those who come late; owned by AgentActor. */
import { Effect } from "effect";
import type { AgentCommand } from "#events/agent/commands.ts";
import type { AgentEvent } from "#events/agent/events.ts";
import type { AgentRefusal } from "#events/agent/refusals.ts";
import type { AgentState } from "#events/agent/state.ts";
import { Erased, type RecordedOf, type Unsealed } from "#events/kit/envelope.ts";
import type { TurnId } from "#events/kit/ids.ts";
import type { ToolOutcome, TurnOutcome } from "../kit/doors.ts";
import type { Ledger } from "../kit/ledger.ts";
import { type Moderator, Toolbox, type TurnLedger } from "./turn/ports.ts";
import { takenAlong } from "./turn/taken.ts";
import { seenByPeople, toolNamed } from "./turn/tool-words.ts";
import { usageOf } from "./turn/usage.ts";

type Ending = Extract<
  RecordedOf<AgentEvent>,
  { type: "TurnCompleted" | "TurnStopped" | "TurnFailed" | "TurnDeclined" }
>;
const endings: ReadonlyArray<string> = ["TurnCompleted", "TurnStopped", "TurnFailed", "TurnDeclined"];
const isEnding = (event: RecordedOf<AgentEvent>): event is Ending => endings.includes(event.type);

/** How far back an ending is looked for that is not among the turn's own commands: a message taken into another's turn. */
const LOOK_BACK = 1_000;

/** Runs something in the services of the agent's turns. */
type Run = <A, E>(program: Effect.Effect<A, E, TurnLedger | Moderator | Toolbox>) => Promise<A>;

export class Outcomes {
  readonly #ledger: Ledger<AgentState, AgentCommand, AgentEvent, AgentRefusal>;
  readonly #reveal: (seqs: ReadonlyArray<number>) => Promise<ReadonlyArray<Unsealed>>;
  readonly #run: Run;
  readonly #waiting = new Map<TurnId, Array<(ending: Ending) => void>>();

  constructor(
    ledger: Ledger<AgentState, AgentCommand, AgentEvent, AgentRefusal>,
    reveal: (seqs: ReadonlyArray<number>) => Promise<ReadonlyArray<Unsealed>>,
    run: Run,
  ) {
    this.#run = run;
    this.#ledger = ledger;
    this.#reveal = reveal;
  }

  /** Tells waiters of turns that have just ended. */
  hear(events: ReadonlyArray<RecordedOf<AgentEvent>>): void {
    if (this.#waiting.size === 0) return;
    for (const event of events)
      if (isEnding(event)) {
        for (const tell of this.#waiting.get(event.open.turnId) ?? []) tell(event);
        this.#waiting.delete(event.open.turnId);
      }
  }

  /** The outcome of a turn, waiting for its end; `open` when it has not ended in time. It may not have begun yet. */
  async wait(turnId: TurnId, waitMs: number): Promise<TurnOutcome> {
    const ending = this.#past(turnId) ?? (await this.#next(turnId, waitMs));
    if (ending === undefined) return { ending: "open", turnId };
    if (ending.type === "TurnDeclined") {
      const { into, why } = ending.open;
      return into === undefined ? { ending: "declined", turnId, why } : this.wait(into, waitMs);
    }
    const outcome = await this.#replied(turnId, ending.type === "TurnFailed" ? ending.open.reason : null);
    return (
      outcome ?? { ending: "failed", turnId, reason: ending.type === "TurnFailed" ? ending.open.reason : "stopped" }
    );
  }

  #past(turnId: TurnId): Ending | undefined {
    if (this.#ledger.state.turns[turnId] !== undefined) return undefined;
    const events = this.#events(turnId);
    const own = events.find((event) => isEnding(event) && event.open.turnId === turnId) as Ending | undefined;
    if (own !== undefined || events.length === 0) return own; // no event: its message has not arrived yet
    return endings
      .flatMap((type) => this.#ledger.newest(type as Ending["type"], LOOK_BACK))
      .filter(isEnding)
      .find(({ open }) => open.turnId === turnId);
  }

  #next(turnId: TurnId, waitMs: number): Promise<Ending | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(undefined), waitMs);
      const tell = (ending: Ending) => {
        clearTimeout(timer);
        resolve(ending);
      };
      this.#waiting.set(turnId, [...(this.#waiting.get(turnId) ?? []), tell]);
    });
  }

  #events(turnId: TurnId): ReadonlyArray<RecordedOf<AgentEvent>> {
    const seqs = this.#ledger.madeBy(`${turnId}/`);
    return seqs.length === 0
      ? []
      : this.#ledger.read(seqs[0]! - 1, seqs.at(-1)! - seqs[0]! + 1).filter(({ seq }) => seqs.includes(seq));
  }

  async #replied(turnId: TurnId, failure: string | null): Promise<TurnOutcome | undefined> {
    const events = await this.#reveal(this.#ledger.madeBy(`${turnId}/`));
    const find = (type: AgentEvent["type"]) => events.filter(({ event }) => event.type === type);
    const heard = find("MessageReceived")[0];
    const posted = find("ReplyPosted")[0];
    const draft = find("ReplyDrafted")[0];
    if (heard === undefined || posted === undefined || draft === undefined) return undefined;
    return {
      ending: "replied",
      turnId,
      messageId: (posted.event.open as { messageId: TurnOutcomeMessage }).messageId,
      inReplyTo: (heard.event.open as { messageId: TurnOutcomeMessage }).messageId,
      alsoInReplyTo: takenAlong(this.#ledger, { turnId, triggerSeq: heard.event.seq }, draft.event.seq),
      stopped: (draft.event.open as { stopped?: boolean }).stopped === true,
      text: draft.words === Erased ? null : String(draft.words.text),
      tools: await this.#seen(toolOutcomes(events), find("ContextAssembled").at(-1)),
      usage: usageOf(repliesOf(events), isLeftOpen(events)),
      failure,
      retryAt: retryAtOf(find("ModelGaveUp").at(-1)),
    };
  }

  /**
   * Calls as whoever asked may see them: by the rules for the room, for they are told what the room is told, and a secret
   * that a tool answered with is not theirs. The owner and auditors read from the log what was really asked and answered.
   */
  async #seen(tools: ReadonlyArray<ToolOutcome>, context: Unsealed | undefined): Promise<ReadonlyArray<ToolOutcome>> {
    if (tools.length === 0) return tools;
    const { messageSeqs } = context!.event.open as { readonly messageSeqs: ReadonlyArray<number> };
    const [seen, toolbox] = await this.#run(Effect.all([seenByPeople(messageSeqs), Toolbox]));
    const shown = (text: string | null) => (text === null ? null : seen(text));
    return tools.map((tool) => ({
      ...tool,
      // Older programs recorded a name as the model wrote it.
      tool: toolNamed(toolbox, tool.tool),
      input: shown(tool.input),
      output: shown(tool.output),
      error: shown(tool.error),
    }));
  }
}

type TurnOutcomeMessage = Extract<TurnOutcome, { ending: "replied" }>["messageId"];

const repliesOf = (events: ReadonlyArray<Unsealed>) =>
  events.flatMap(({ event }) =>
    event.type === "ModelReplied" ? [event.open as { readonly tokensIn?: number; readonly tokensOut?: number }] : [],
  );

/** True when the last request to a model has no reply on record. */
const isLeftOpen = (events: ReadonlyArray<Unsealed>): boolean =>
  events.findLast(({ event: { type } }) => type === "ModelAsked" || type === "ModelReplied")?.event.type ===
  "ModelAsked";

function retryAtOf(gaveUp: Unsealed | undefined): number | null {
  const retryAfterMs = (gaveUp?.event.open as { readonly retryAfterMs?: number } | undefined)?.retryAfterMs;
  return retryAfterMs === undefined ? null : gaveUp!.event.at + retryAfterMs;
}

const statuses: Readonly<Record<string, ToolOutcome["status"]>> = {
  ToolExecuted: "success",
  ToolFailed: "error",
  ToolDenied: "denied",
  ToolOutcomeUnknown: "unknown",
};

/** The tool calls of one turn's events, each with its arguments and what came of it. */
function toolOutcomes(events: ReadonlyArray<Unsealed>): ReadonlyArray<ToolOutcome> {
  const asked = new Map<string, { readonly at: number; readonly input: string | null }>();
  for (const { event, words } of events)
    if (event.type === "ModelReplied")
      for (const { callId } of (event.open as { readonly calls: ReadonlyArray<{ readonly callId: string }> }).calls) {
        const inputs = words === Erased ? {} : (words.arguments as Readonly<Record<string, string>>);
        asked.set(callId, { at: event.at, input: inputs[callId] ?? null });
      }
  return events.flatMap(({ event, words }) => {
    const status = statuses[event.type];
    if (status === undefined) return [];
    const open = event.open as { callId: string; tool: string; ms?: number; why?: string };
    const said = words === Erased ? {} : words;
    return [
      {
        callId: open.callId,
        tool: open.tool,
        status,
        input: asked.get(open.callId)?.input ?? null,
        output: status === "success" ? String(said.result ?? "") : null,
        error: status === "error" ? String(said.detail ?? "") : (open.why ?? null),
        ms: open.ms ?? null,
        at: asked.get(open.callId)?.at ?? event.at,
      },
    ];
  });
}
