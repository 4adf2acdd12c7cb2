/** A labelled control of the agent form, and beneath it what the program has against its content. */
import { createContext, type ReactNode, use, useId } from "react";
import { Icon } from "../parts/icon.tsx";
import type { Problem } from "../service/problem.ts";

/** What the last answer found wrong; empty when it was well. */
export const FieldIssues = createContext<Problem["errors"]>([]);

/** What a control with an issue carries. */
export interface IssueAttributes {
  readonly "aria-invalid"?: true;
  readonly "aria-describedby"?: string;
}

/** The issue of one value, named by its path in the request: what its control carries, and the words to show beneath. */
export function useIssue(path: string): { readonly attributes: IssueAttributes; readonly words: ReactNode } {
  const id = useId();
  const issue = use(FieldIssues).find((one) => one.path === `body.${path}`);
  if (issue === undefined) return { attributes: {}, words: null };
  const words = (
    <p id={id} className="failure">
      <Icon name="warning" size={16} /> {issue.message}
    </p>
  );
  return { attributes: { "aria-invalid": true, "aria-describedby": id }, words };
}

interface FieldProps {
  readonly label: string;
  readonly hint?: string;
  readonly path: string;
  readonly children: (attributes: IssueAttributes) => ReactNode;
}

export function Field({ label, hint, path, children }: FieldProps) {
  const { attributes, words } = useIssue(path);
  return (
    <div className="field">
      {/* biome-ignore lint/a11y/noLabelWithoutControl: the control comes from outside */}
      <label>
        <span>
          {label} {hint && <span className="hint">{hint}</span>}
        </span>
        {children(attributes)}
      </label>
      {words}
    </div>
  );
}
