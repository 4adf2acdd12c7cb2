/** What of an agent's memory is shown: words to search for, kind, importance, state, whom it is about, and when it was believed; above the list. */
import * as Schema from "effect/Schema";
import { type FormEvent, type KeyboardEvent, useState } from "react";
import { UserId } from "#events/kit/ids.ts";
import { Icon } from "../parts/icon.tsx";
import type { MemoryChoice } from "./memory-service.ts";
import { isKind, kinds, share } from "./memory-words.tsx";

const states = ["live", "archived", "merged"] as const;
const IMPORTANCES = [0.3, 0.5, 0.7, 0.9];

interface FiltersProps {
  readonly value: MemoryChoice;
  readonly onChange: (change: Partial<MemoryChoice>) => void;
}

function SearchField({ value, onChange }: FiltersProps) {
  const [typed, setTyped] = useState(value.query);
  const search = (event: FormEvent) => {
    event.preventDefault();
    onChange({ query: typed.trim() });
  };
  return (
    <search>
      <form className="form inline" onSubmit={search}>
        <label>
          Search
          <input
            type="search"
            value={typed}
            placeholder="As you would ask the agent"
            onChange={(event) => {
              setTyped(event.target.value);
              // Emptied by its own cross, the field tells of no submission.
              if (event.target.value === "") onChange({ query: "" });
            }}
          />
        </label>
        <button type="submit">
          <Icon name="search" size={16} /> Search
        </button>
      </form>
    </search>
  );
}

const isUserId = Schema.is(UserId);

/** Applied when it is left or Enter is pressed: half an id is nobody's. What is no id asks for nobody. */
function AboutField({ value, onChange }: FiltersProps) {
  const [typed, setTyped] = useState(value.about);
  const wanted = typed.trim();
  const isAnId = wanted === "" || isUserId(wanted);
  const apply = () => isAnId && onChange({ about: wanted });
  return (
    <label>
      About
      <input
        value={typed}
        placeholder="a person’s id"
        autoComplete="off"
        onChange={(event) => setTyped(event.target.value)}
        onBlur={apply}
        onKeyDown={(event: KeyboardEvent) => event.key === "Enter" && apply()}
        aria-invalid={!isAnId || undefined}
      />
      {!isAnId && <span className="failure">This is nobody’s id.</span>}
    </label>
  );
}

export function MemoryFilters({ value, onChange }: FiltersProps) {
  const searching = value.query !== "";
  return (
    <div className="memory-filters">
      <SearchField value={value} onChange={onChange} />
      <div className="columns">
        <label>
          Kind
          <select
            value={value.kind}
            onChange={({ target }) => onChange({ kind: isKind(target.value) ? target.value : "" })}
          >
            <option value="">All kinds</option>
            {Object.entries(kinds).map(([kind, { label }]) => (
              <option key={kind} value={kind}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <label>
          Importance
          <select value={value.importance} onChange={({ target }) => onChange({ importance: Number(target.value) })}>
            <option value={0}>Any</option>
            {IMPORTANCES.map((least) => (
              <option key={least} value={least}>
                {share(least)} and more
              </option>
            ))}
          </select>
        </label>
        <label>
          State
          <select
            value={searching ? "live" : value.state}
            disabled={searching}
            onChange={({ target }) => onChange({ state: states.find((state) => state === target.value) ?? "live" })}
          >
            <option value="live">In mind</option>
            <option value="archived">Put away</option>
            <option value="merged">Merged into another</option>
          </select>
        </label>
        <AboutField value={value} onChange={onChange} />
        <label>
          Believed on
          <input type="date" value={value.asOf} onChange={({ target }) => onChange({ asOf: target.value })} />
        </label>
      </div>
    </div>
  );
}
