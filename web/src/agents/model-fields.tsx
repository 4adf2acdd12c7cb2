/** Choosing a model: its provider from a list, its name typed or suggested; wherever the agent form names a model. */
import { useQuery } from "@tanstack/react-query";
import { type ComponentProps, useId } from "react";
import { meQuery } from "../service/queries.ts";
import { type ModelDraft, modelSuggestions, type Provider, providers } from "./agent-draft.ts";
import { providerNames } from "./answering.tsx";
import { Field, useIssue } from "./field.tsx";

type SelectProps = Omit<ComponentProps<"select">, "onChange" | "value">;

interface ProviderSelectProps extends SelectProps {
  readonly value: Provider | "";
  readonly onProvider: (provider: Provider | "") => void;
  /** What stands for no provider at all, where that may be chosen. */
  readonly none?: string;
  /** Where there is room for the bare name only. */
  readonly brief?: boolean;
}

export function ProviderSelect({ value, onProvider, none, brief = false, ...attributes }: ProviderSelectProps) {
  const live = useQuery(meQuery).data?.house.providers;
  return (
    <select {...attributes} value={value} onChange={(event) => onProvider(event.target.value as Provider | "")}>
      {none !== undefined && <option value="">{none}</option>}
      {providers.map((provider) => (
        <option key={provider} value={provider}>
          {providerNames[provider]}
          {!brief && live && !live[provider] ? " (demo: no key set)" : ""}
        </option>
      ))}
    </select>
  );
}

type InputProps = Omit<ComponentProps<"input">, "onChange" | "value">;

interface ModelInputProps extends InputProps {
  readonly value: ModelDraft;
  readonly onModel: (model: string) => void;
}

export function ModelInput({ value, onModel, ...attributes }: ModelInputProps) {
  const listId = useId();
  return (
    <>
      <input
        {...attributes}
        value={value.model}
        required
        maxLength={200}
        list={listId}
        autoComplete="off"
        onChange={(event) => onModel(event.target.value)}
      />
      <datalist id={listId}>
        {modelSuggestions[value.provider].map((model) => (
          <option key={model} value={model} />
        ))}
      </datalist>
    </>
  );
}

interface ModelFieldsProps {
  readonly value: ModelDraft;
  readonly onChange: (value: ModelDraft) => void;
}

/** The model that is asked first, side by side with its provider. */
export function ModelFields({ value, onChange }: ModelFieldsProps) {
  const choose = (provider: Provider | "") =>
    provider && onChange({ provider, model: modelSuggestions[provider][0] ?? "" });
  return (
    <div className="columns">
      <Field label="Provider" path="llm_provider">
        {(attributes) => <ProviderSelect {...attributes} value={value.provider} onProvider={choose} />}
      </Field>
      <Field label="Model" path="model_name">
        {(attributes) => (
          <ModelInput {...attributes} value={value} onModel={(model) => onChange({ ...value, model })} />
        )}
      </Field>
    </div>
  );
}

interface SimpleModelProps {
  readonly value: ModelDraft | null;
  readonly onChange: (value: ModelDraft | null) => void;
}

/** A cheap model for what needs no thought, if the owner wants one. */
export function SimpleModelField({ value, onChange }: SimpleModelProps) {
  const { attributes, words } = useIssue("simple_model.model_name");
  const choose = (provider: Provider | "") =>
    onChange(provider === "" ? null : { provider, model: modelSuggestions[provider].at(-1) ?? "" });
  return (
    <div className="field">
      <h3>Simple messages</h3>
      <p className="hint">A greeting or a thank-you need not go to the best model there is.</p>
      <div className="columns">
        <ProviderSelect
          aria-label="Provider for simple messages"
          none="The same model"
          value={value?.provider ?? ""}
          onProvider={choose}
        />
        {value && (
          <ModelInput
            {...attributes}
            aria-label="Model for simple messages"
            value={value}
            onModel={(model) => onChange({ ...value, model })}
          />
        )}
      </div>
      {words}
    </div>
  );
}
