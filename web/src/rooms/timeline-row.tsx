/** One row of a room's timeline: a day, a message, a turn that runs, or a message on its way; drawn by the timeline. */
import { memo, type ReactNode } from "react";
import type { Message } from "#actors/room/frames.ts";
import { Icon } from "../parts/icon.tsx";
import { dayName, Moment } from "../parts/moment.tsx";
import { AiBadge, Portrait } from "../parts/portrait.tsx";
import { AgentWords, PlainWords } from "../parts/words.tsx";
import type { Row } from "./room-rows.ts";
import type { Outgoing, ToolCall } from "./room-state.ts";
import { StopButton, StoppedMark, type StopTurn } from "./stop-button.tsx";
import { ToolCard } from "./tool-card.tsx";

interface SpeakerProps {
  readonly id: string;
  readonly name: string;
  readonly kind: "user" | "agent";
  readonly continues: boolean;
  readonly facts?: ReactNode;
  readonly children: ReactNode;
}

/** As in a printed play: who speaks stands once, what they say follows. */
function Speech({ id, name, kind, continues, facts, children }: SpeakerProps) {
  return (
    <div className={continues ? "speech continues" : "speech"}>
      <div className="speech-face">{!continues && <Portrait id={id} name={name} kind={kind} />}</div>
      <div className="speech-body">
        <div className={continues ? "visually-hidden" : "speech-head"}>
          <span className="speaker">{name}</span>
          {kind === "agent" && <AiBadge />}
          {facts}
        </div>
        {children}
      </div>
    </div>
  );
}

function MessageText({ message }: { readonly message: Message }) {
  if (message.text === null) return <p className="erased">These words were erased.</p>;
  if (message.notice) return <Notice text={message.text} />;
  return message.author_kind === "agent" ? <AgentWords text={message.text} /> : <PlainWords text={message.text} />;
}

/** The house speaks for an agent that could not answer. */
const Notice = ({ text }: { readonly text: string }) => (
  <div className="notice">
    <Icon name="warning" />
    <PlainWords text={text} />
  </div>
);

const Tools = ({ tools }: { readonly tools: ReadonlyArray<ToolCall> }) =>
  tools.map((call) => <ToolCard key={call.id} call={call} />);

const MessageRow = memo(function MessageRow(props: Extract<Row, { kind: "message" }>) {
  const { message, tools, continues, stoppedBy } = props;
  const facts = (
    <span className="speech-facts">
      <Moment at={message.created_at} />
      {message.model && <span className="model">{message.model}</span>}
      {message.also_in_reply_to && <span>answers {message.also_in_reply_to.length + 1} messages</span>}
    </span>
  );
  return (
    <Speech
      id={message.author_id}
      name={message.author_name || (message.author_kind === "agent" ? "An agent" : "Somebody")}
      kind={message.author_kind}
      continues={continues}
      facts={facts}
    >
      <Tools tools={tools} />
      <MessageText message={message} />
      {message.stopped && <StoppedMark by={stoppedBy} />}
    </Speech>
  );
});

/** The label names the step the agent is at; the dots only move where movement is welcome. */
const Thinking = ({ label }: { readonly label: string }) => (
  <p className="thinking">
    <span className="dots" aria-hidden="true">
      <i />
      <i />
      <i />
    </span>
    {label}
  </p>
);

interface TurnRowProps extends Omit<Extract<Row, { kind: "turn" }>, "kind" | "id"> {
  readonly name: string;
  readonly onStop: StopTurn;
}

function TurnRow({ turn, tools, stop, name, onStop }: TurnRowProps) {
  return (
    <Speech id={turn.agentId} name={name} kind="agent" continues={false}>
      <Tools tools={tools} />
      {turn.text && (
        <div aria-busy="true">
          <AgentWords text={turn.text} />
        </div>
      )}
      <div className="turn-foot">
        <div aria-busy={turn.text ? undefined : true}>
          <Thinking label={stop?.status === "asked" ? "Stopping…" : turn.label} />
        </div>
        {turn.state !== "queued" && <StopButton name={name} stop={stop} onStop={() => onStop(turn)} />}
      </div>
    </Speech>
  );
}

/** Nobody heard a word of it; the line says why there is none. */
const SilencedRow = ({ agentId, tools, stoppedBy, name }: Extract<Row, { kind: "silenced" }> & { name: string }) => (
  <Speech id={agentId} name={name} kind="agent" continues={false}>
    <Tools tools={tools} />
    <StoppedMark by={stoppedBy} unheard />
  </Speech>
);

interface OutgoingProps {
  readonly outgoing: Outgoing;
  readonly me: { readonly id: string; readonly name: string };
  readonly continues: boolean;
  readonly onRetry: (outgoing: Outgoing) => void;
  readonly onDiscard: (clientId: string) => void;
}

function OutgoingRow({ outgoing, me, continues, onRetry, onDiscard }: OutgoingProps) {
  return (
    <Speech id={me.id} name={me.name} kind="user" continues={continues} facts={<Moment at={outgoing.at} />}>
      <div className={`outgoing ${outgoing.status}`}>
        <PlainWords text={outgoing.text} />
        {outgoing.status === "pending" && <p className="hint">Sending…</p>}
        {outgoing.status === "failed" && (
          <p className="failure" role="alert">
            <Icon name="warning" size={16} /> Not sent. {outgoing.reason}
            <button type="button" className="small" onClick={() => onRetry(outgoing)}>
              Try again
            </button>
            <button type="button" className="quiet small" onClick={() => onDiscard(outgoing.clientId)}>
              Discard
            </button>
          </p>
        )}
      </div>
    </Speech>
  );
}

interface RowProps extends Pick<OutgoingProps, "me" | "onRetry" | "onDiscard"> {
  readonly row: Row;
  readonly nameOf: (agentId: string) => string;
  readonly onStop: StopTurn;
}

export function TimelineRow({ row, nameOf, onStop, ...own }: RowProps) {
  if (row.kind === "day") return <p className="day">{dayName(row.at)}</p>;
  if (row.kind === "message") return <MessageRow {...row} />;
  if (row.kind === "turn") return <TurnRow {...row} name={nameOf(row.turn.agentId)} onStop={onStop} />;
  if (row.kind === "silenced") return <SilencedRow {...row} name={nameOf(row.agentId)} />;
  return <OutgoingRow outgoing={row.outgoing} continues={row.continues} {...own} />;
}
