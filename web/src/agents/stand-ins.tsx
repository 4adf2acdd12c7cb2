/** The models that are asked when the chosen one does not answer, in the order in which they are; in the agent form. */
import { type ReactNode, useLayoutEffect, useRef } from "react";
import { Icon } from "../parts/icon.tsx";
import { announce } from "../shell/announcer.tsx";
import { MOST_STAND_INS, modelSuggestions, type Provider, providers, type StandIn, standIn } from "./agent-draft.ts";
import { useIssue } from "./field.tsx";
import { ModelInput, ProviderSelect } from "./model-fields.tsx";

interface RowProps {
  readonly value: StandIn;
  readonly place: number;
  readonly onChange: (value: StandIn) => void;
  readonly children: ReactNode;
}

function StandInRow({ value, place, onChange, children }: RowProps) {
  const { attributes, words } = useIssue(`fallback_models.${place}.model_name`);
  const choose = (provider: Provider | "") =>
    provider && onChange({ ...value, provider, model: modelSuggestions[provider][0] ?? "" });
  return (
    <li data-key={value.key}>
      <div className="stand-in">
        <span className="stand-in-place">{place + 1}.</span>
        <ProviderSelect
          brief
          aria-label={`Provider of stand-in ${place + 1}`}
          value={value.provider}
          onProvider={choose}
        />
        <ModelInput
          {...attributes}
          aria-label={`Model of stand-in ${place + 1}`}
          value={value}
          onModel={(model) => onChange({ ...value, model })}
        />
        <div className="stand-in-moves">{children}</div>
      </div>
      {words}
    </li>
  );
}

interface MoveProps {
  readonly act: "up" | "down" | "close";
  readonly label: string;
  readonly disabled?: boolean;
  readonly onClick: () => void;
}

const Move = ({ act, ...button }: MoveProps) => (
  <button
    type="button"
    className="quiet icon-only"
    data-act={act}
    aria-label={button.label}
    disabled={button.disabled}
    onClick={button.onClick}
  >
    <Icon name={act} size={16} />
  </button>
);

/** The first of these controls that there is gets the focus once the list has changed: what had it may be gone or elsewhere. */
function useNextFocus() {
  const frame = useRef<HTMLDivElement>(null);
  const wanted = useRef<ReadonlyArray<string>>([]);
  useLayoutEffect(() => {
    const found = wanted.current.map((selector) => frame.current?.querySelector<HTMLElement>(selector)).find(Boolean);
    wanted.current = [];
    found?.focus();
  });
  const focusNext = (...selectors: ReadonlyArray<string>) => {
    wanted.current = selectors;
  };
  return { frame, focusNext };
}

const inRow = (key: string | undefined, control: string) => `[data-key="${key}"] ${control}`;

interface StandInsProps {
  readonly list: ReadonlyArray<StandIn>;
  readonly chosen: Provider;
  readonly onChange: (list: ReadonlyArray<StandIn>) => void;
}

export function StandIns({ list, chosen, onChange }: StandInsProps) {
  const { words } = useIssue("fallback_models");
  const { frame, focusNext } = useNextFocus();
  const move = (value: StandIn, from: number, to: number) => {
    focusNext(inRow(value.key, `[data-act=${to < from ? "up" : "down"}]:enabled`), inRow(value.key, "button:enabled"));
    announce(`${value.model} is now stand-in ${to + 1} of ${list.length}.`);
    onChange(list.toSpliced(from, 1).toSpliced(to, 0, value));
  };
  const remove = (value: StandIn, place: number) => {
    focusNext(inRow((list[place + 1] ?? list[place - 1])?.key, "[data-act=close]"), "[data-act=add]");
    announce(`${value.model} was removed.`);
    onChange(list.toSpliced(place, 1));
  };
  const add = () => {
    // Who fails together is no help: the first suggestion is another provider's.
    const used = [chosen, ...list.map(({ provider }) => provider)];
    const provider = providers.find((one) => !used.includes(one)) ?? chosen;
    const value = standIn({ provider, model: modelSuggestions[provider][0] ?? "" });
    focusNext(inRow(value.key, "select"));
    onChange([...list, value]);
  };
  return (
    <div className="field" ref={frame}>
      <h3>Stand-ins</h3>
      <p className="hint">Asked in this order when the model above does not answer.</p>
      <ol className="stand-ins">
        {list.map((value, place) => (
          <StandInRow
            key={value.key}
            value={value}
            place={place}
            onChange={(changed) => onChange(list.with(place, changed))}
          >
            <Move
              act="up"
              label={`Move stand-in ${place + 1} up`}
              disabled={place === 0}
              onClick={() => move(value, place, place - 1)}
            />
            <Move
              act="down"
              label={`Move stand-in ${place + 1} down`}
              disabled={place === list.length - 1}
              onClick={() => move(value, place, place + 1)}
            />
            <Move act="close" label={`Remove stand-in ${place + 1}`} onClick={() => remove(value, place)} />
          </StandInRow>
        ))}
      </ol>
      {words}
      {list.length < MOST_STAND_INS && (
        <button type="button" data-act="add" onClick={add}>
          <Icon name="add" size={16} /> Add a stand-in
        </button>
      )}
    </div>
  );
}
