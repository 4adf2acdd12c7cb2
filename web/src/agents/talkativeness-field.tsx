/** How readily an agent speaks where nobody asked it: as its personality has it, or as its owner says; in the agent form. */
import { useIssue } from "./field.tsx";

/** Where a personality leaves it open, half of the offers are taken. */
const MIDDLE = 0.5;
export const percent = new Intl.NumberFormat("en", { style: "percent" });

interface TalkativenessProps {
  /** The share of offers it takes up, 0 to 1; null for as its personality has it. */
  readonly value: number | null;
  readonly onChange: (value: number | null) => void;
}

export function TalkativenessField({ value, onChange }: TalkativenessProps) {
  const { attributes, words } = useIssue("talkativeness");
  return (
    <div className="field">
      <h3>Talkativeness</h3>
      <p className="hint">In rooms where agents speak as they like: how much of what names nobody it answers.</p>
      <label className="choice">
        <input
          type="checkbox"
          checked={value === null}
          onChange={(event) => onChange(event.target.checked ? null : MIDDLE)}
        />
        By its personality
      </label>
      {value !== null && (
        <div className="slider">
          <span aria-hidden="true">None</span>
          <input
            {...attributes}
            type="range"
            min={0}
            max={1}
            step={0.05}
            value={value}
            aria-label="Talkativeness"
            aria-valuetext={percent.format(value)}
            onChange={(event) => onChange(event.target.valueAsNumber)}
          />
          <span aria-hidden="true">All</span>
          <output>{percent.format(value)}</output>
        </div>
      )}
      {words}
    </div>
  );
}
