/** One tool call of a turn: what was asked of which tool, how it went and how long it took; above the reply it served. */
import * as Option from "effect/Option";
import * as Schema from "effect/Schema";
import { useEffect, useState } from "react";
import { Icon, type IconName } from "../parts/icon.tsx";
import type { ToolCall } from "./room-state.ts";

const statuses: Record<ToolCall["status"], { readonly text: string; readonly icon: IconName }> = {
  pending: { text: "Waiting", icon: "clock" },
  running: { text: "Running", icon: "clock" },
  success: { text: "Done", icon: "check" },
  error: { text: "Failed", icon: "cross" },
  denied: { text: "Denied", icon: "block" },
  unknown: { text: "Outcome unknown", icon: "question" },
};

const duration = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const took = (ms: number) => (ms < 1_000 ? `${Math.round(ms)} ms` : `${duration.format(ms / 1_000)} s`);

/** JSON is laid out to be read; anything else stays as it is. */
const legible = (text: string): string =>
  Option.match(decodeJson(text), { onNone: () => text, onSome: (value) => JSON.stringify(value, null, 2) });

const decodeJson = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Unknown));

function Part({ title, text }: { readonly title: string; readonly text: string | undefined }) {
  if (text === undefined || text === "") return null;
  return (
    <>
      <dt>{title}</dt>
      <dd>
        <pre>{legible(text)}</pre>
      </dd>
    </>
  );
}

export function ToolCard({ call }: { readonly call: ToolCall }) {
  const [open, setOpen] = useState(call.status !== "success");
  // What went well needs no room; what the reader opened afterwards stays open.
  useEffect(() => {
    if (call.status === "success") setOpen(false);
  }, [call.status]);
  const status = statuses[call.status];
  return (
    <details className={`tool ${call.status}`} open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <Icon name="tool" size={16} />
        <span className="tool-name">{call.tool}</span>
        <span className="tool-status">
          <Icon name={status.icon} size={14} /> {status.text}
        </span>
        {call.ms !== undefined && <span className="tool-time">{took(call.ms)}</span>}
      </summary>
      <dl>
        <Part title="Input" text={call.input} />
        <Part title="Output" text={call.output} />
        <Part title="Error" text={call.error} />
      </dl>
    </details>
  );
}
