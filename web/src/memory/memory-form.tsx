/** Adds a memory to an agent, or corrects one; opened from the agent's memory. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { UserId } from "#events/kit/ids.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Icon } from "../parts/icon.tsx";
import { Skeleton } from "../parts/placeholder.tsx";
import { ProblemNotice } from "../parts/problem-notice.tsx";
import { idempotencyKey } from "../service/client.ts";
import { problemIn } from "../service/problem.ts";
import { announce } from "../shell/announcer.tsx";
import {
  addMemory,
  changeMemory,
  type Memory,
  type MemoryDraft,
  memoryQuery,
  useMemoryChange,
} from "./memory-service.ts";
import { isKind, kinds, share } from "./memory-words.tsx";

interface Typed {
  readonly kind: Memory["memory_type"];
  readonly content: string;
  readonly importance: number;
  /** Ids, as one types them: with commas or blanks between. */
  readonly about: string;
  readonly sensitive: boolean;
}

const blank: Typed = { kind: "semantic", content: "", importance: 0.5, about: "", sensitive: false };

const typedFrom = (memory: Memory): Typed => ({
  kind: memory.memory_type,
  content: memory.content ?? "",
  importance: memory.importance_score,
  about: memory.about.join(", "),
  sensitive: memory.sensitive,
});

const people = (about: string) => about.split(/[\s,]+/).filter((id) => id !== "") as UserId[];

/** What is not called sensitive may be so by its words. */
const draftOf = ({ kind, content, importance, about, sensitive }: Typed): MemoryDraft => ({
  ...{ memory_type: kind, content, importance_score: importance, about: people(about) },
  ...(sensitive ? { sensitive } : {}),
});

/** What was typed over what stands: the rest is left as it is. */
const changeOf = (before: Typed, { kind, content, importance, about, sensitive }: Typed): Partial<MemoryDraft> => ({
  ...(kind === before.kind ? {} : { memory_type: kind }),
  ...(content === before.content ? {} : { content }),
  ...(importance === before.importance ? {} : { importance_score: importance }),
  ...(about === before.about ? {} : { about: people(about) }),
  ...(sensitive === before.sensitive ? {} : { sensitive }),
});

interface FieldsProps {
  readonly value: Typed;
  readonly onChange: (value: Typed) => void;
}

function Fields({ value, onChange }: FieldsProps) {
  const set = (part: Partial<Typed>) => onChange({ ...value, ...part });
  return (
    <>
      <label>
        What is to be remembered
        <textarea rows={4} required value={value.content} onChange={(event) => set({ content: event.target.value })} />
      </label>
      <label>
        Kind
        <select
          value={value.kind}
          onChange={(event) => isKind(event.target.value) && set({ kind: event.target.value })}
        >
          {Object.entries(kinds).map(([kind, { label, about }]) => (
            <option key={kind} value={kind}>
              {label}: {about}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>
          Importance <span className="hint">{share(value.importance)}</span>
        </span>
        <input
          type="range"
          min={0}
          max={1}
          step={0.05}
          aria-valuetext={share(value.importance)}
          value={value.importance}
          onChange={(event) => set({ importance: event.target.valueAsNumber })}
        />
      </label>
      <label>
        <span>
          About <span className="hint">ids of people, each of whom has agreed</span>
        </span>
        <input value={value.about} autoComplete="off" onChange={(event) => set({ about: event.target.value })} />
      </label>
      <label className="choice">
        <input
          type="checkbox"
          checked={value.sensitive}
          onChange={(event) => set({ sensitive: event.target.checked })}
        />
        <span>
          <b>Sensitive</b> <span className="hint">Health, money, contact data, passwords.</span>
        </span>
      </label>
    </>
  );
}

interface FormProps {
  readonly agentId: string;
  readonly initial: Typed;
  readonly submit: string;
  readonly save: (typed: Typed) => Promise<unknown>;
  readonly onClose: () => void;
  /** Loads what somebody else has saved meanwhile. */
  readonly onReload?: () => void;
}

function MemoryForm({ agentId, initial, submit, save, onClose, onReload }: FormProps) {
  const [value, setValue] = useState(initial);
  const changed = useMemoryChange(agentId);
  const saving = useMutation({
    mutationFn: () => save(value),
    onSuccess: () => {
      changed();
      announce("The memory was saved.");
      onClose();
    },
  });
  const stale = saving.isError && problemIn(saving.error).name === "precondition-failed";
  const send = (event: FormEvent) => {
    event.preventDefault();
    saving.mutate();
  };
  return (
    <form className="form" onSubmit={send}>
      <Fields value={value} onChange={setValue} />
      {stale && (
        <div className="notice problem" role="alert">
          <Icon name="warning" />
          <div>
            <p className="notice-title">This memory was changed in the meantime.</p>
            <p>Yours was not saved; it is still in the form. Load the newer one to go on from there.</p>
            <button type="button" onClick={onReload}>
              Load the newer one
            </button>
          </div>
        </div>
      )}
      {saving.isError && !stale && <ProblemNotice error={saving.error} />}
      <footer>
        <button type="button" onClick={onClose}>
          Cancel
        </button>
        <button type="submit" className="primary" disabled={saving.isPending || value.content.trim() === ""}>
          {saving.isPending ? "Saving…" : submit}
        </button>
      </footer>
    </form>
  );
}

interface AddProps {
  readonly agentId: string;
  readonly name: string;
  readonly onClose: () => void;
}

export function AddMemoryDialog({ agentId, name, onClose }: AddProps) {
  const [headers] = useState(idempotencyKey);
  return (
    <Dialog title={`Add to ${name}’s memory`} onClose={onClose}>
      <MemoryForm
        agentId={agentId}
        initial={blank}
        submit="Add"
        save={(typed) => addMemory(agentId, draftOf(typed), headers)}
        onClose={onClose}
      />
    </Dialog>
  );
}

interface EditProps {
  readonly agentId: string;
  readonly memoryId: string;
  readonly onClose: () => void;
}

/** The form is filled from the newest version, and says so when it was overtaken. */
export function EditMemoryDialog({ agentId, memoryId, onClose }: EditProps) {
  const found = useQuery(memoryQuery(memoryId));
  const [loads, setLoads] = useState(0);
  const fresh = found.isSuccess && (found.isFetchedAfterMount || !found.isFetching) ? found.data : undefined;
  return (
    <Dialog title="Correct a memory" onClose={onClose}>
      {found.isError && <ProblemNotice error={found.error} onRetry={() => void found.refetch()} />}
      {fresh === undefined && !found.isError && <Skeleton lines={5} label="Loading the memory" />}
      {fresh && (
        <StoredMemory
          key={loads}
          agentId={agentId}
          found={fresh}
          onClose={onClose}
          onReload={() => void found.refetch().then(() => setLoads((count) => count + 1))}
        />
      )}
    </Dialog>
  );
}

interface StoredProps {
  readonly agentId: string;
  readonly found: { readonly memory: Memory; readonly etag: string | undefined };
  readonly onClose: () => void;
  readonly onReload: () => void;
}

function StoredMemory({ agentId, found, onClose, onReload }: StoredProps) {
  // What was typed rests on the version that the form was filled from, also when a newer one has arrived since.
  const [{ memory, etag }] = useState(found);
  const initial = typedFrom(memory);
  return (
    <MemoryForm
      agentId={agentId}
      initial={initial}
      submit="Save"
      save={(typed) => changeMemory(memory.id, changeOf(initial, typed), etag)}
      onClose={onClose}
      onReload={onReload}
    />
  );
}
