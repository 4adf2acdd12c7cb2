/** Says what went wrong, what may be done, and gives the trace id to copy; shown by every page in place of what failed. */
import { useState } from "react";
import { type Problem, problemIn } from "../service/problem.ts";
import { Icon } from "./icon.tsx";

function TraceId({ id }: { readonly id: string }) {
  const [copied, setCopied] = useState(false);
  const copy = () =>
    navigator.clipboard.writeText(id).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  return (
    <p className="trace">
      Trace <code>{id}</code>
      <button type="button" className="quiet small" onClick={copy}>
        <Icon name={copied ? "check" : "copy"} size={16} /> <span aria-live="polite">{copied ? "Copied" : "Copy"}</span>
      </button>
    </p>
  );
}

export function ProblemNotice(props: { readonly error: unknown; readonly onRetry?: () => void }) {
  const problem = problemIn(props.error);
  return (
    <div className="notice problem" role="alert">
      <Icon name="warning" />
      <div>
        <p className="notice-title">{problem.title}</p>
        {problem.detail && <p>{problem.detail}</p>}
        <Issues problem={problem} />
        {problem.traceId && <TraceId id={problem.traceId} />}
        {props.onRetry && (
          <button type="button" onClick={props.onRetry}>
            Try again
          </button>
        )}
      </div>
    </div>
  );
}

function Issues({ problem }: { readonly problem: Problem }) {
  if (problem.errors.length === 0) return null;
  return (
    <ul>
      {problem.errors.map((issue) => (
        <li key={`${issue.path} ${issue.message}`}>
          {issue.path && <code>{issue.path}</code>} {issue.message}
        </li>
      ))}
    </ul>
  );
}
