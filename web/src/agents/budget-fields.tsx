/** What an agent may spend, in tokens and dollars, for one answer and in a day; in the agent form. */
import { type AgentDraft, type CeilingDraft, type Scope, scopes } from "./agent-draft.ts";
import { useIssue } from "./field.tsx";

/** How each scope is called, and whether the house has a ceiling in tokens of its own for it. */
const about: { readonly [S in Scope]: { readonly label: string; readonly usual: boolean } } = {
  turn: { label: "One answer", usual: true },
  agent: { label: "A day in all", usual: true },
  room: { label: "A day in each room", usual: false },
  asker: { label: "A day for each person", usual: true },
};

const nothing: CeilingDraft = { tokens: "", dollars: "" };

interface RowProps {
  readonly scope: Scope;
  readonly value: CeilingDraft | undefined;
  readonly onChange: (value: CeilingDraft) => void;
}

function BudgetRow({ scope, value = nothing, onChange }: RowProps) {
  const { label, usual } = about[scope];
  const tokens = useIssue(`budget.${scope}.tokens`);
  const money = useIssue(`budget.${scope}.micro_usd`);
  const empty = value.tokens === "" && value.dollars === "";
  return (
    <tr>
      <th scope="row">{label}</th>
      <td>
        <input
          {...tokens.attributes}
          type="number"
          min={0}
          step={1}
          inputMode="numeric"
          aria-label={`${label}: tokens`}
          placeholder={empty && usual ? "as usual" : "no limit"}
          value={value.tokens}
          onChange={(event) => onChange({ ...value, tokens: event.target.value })}
        />
        {tokens.words}
      </td>
      <td>
        <input
          {...money.attributes}
          type="number"
          min={0}
          step="any"
          inputMode="decimal"
          aria-label={`${label}: US dollars`}
          placeholder="no limit"
          value={value.dollars}
          onChange={(event) => onChange({ ...value, dollars: event.target.value })}
        />
        {money.words}
      </td>
    </tr>
  );
}

interface BudgetProps {
  readonly budget: AgentDraft["budget"];
  readonly onChange: (budget: AgentDraft["budget"]) => void;
}

export function BudgetFields({ budget, onChange }: BudgetProps) {
  const change = (scope: Scope, value: CeilingDraft) => {
    const { [scope]: _before, ...others } = budget;
    onChange(value.tokens === "" && value.dollars === "" ? others : { ...others, [scope]: value });
  };
  return (
    <div className="field">
      <h3 id="budget-heading">Budgets</h3>
      <p className="hint">
        What a row names takes the place of the house’s usual limit. Under a limit in dollars, a model whose price is
        not known is not asked.
      </p>
      <table className="budget" aria-labelledby="budget-heading">
        <thead>
          <tr>
            <td />
            <th scope="col">Tokens</th>
            <th scope="col">US dollars</th>
          </tr>
        </thead>
        <tbody>
          {scopes.map((scope) => (
            <BudgetRow key={scope} scope={scope} value={budget[scope]} onChange={(value) => change(scope, value)} />
          ))}
        </tbody>
      </table>
    </div>
  );
}
