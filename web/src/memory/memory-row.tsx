/** One memory of an agent: its words, what is known of it, and what its owner may do with it; in the list of an agent's memories. */
import { useState } from "react";
import { Icon } from "../parts/icon.tsx";
import { ForgetDialog } from "./forget-dialog.tsx";
import { RestoreButton, SeparateButton } from "./memory-buttons.tsx";
import { EditMemoryDialog } from "./memory-form.tsx";
import { forgetMemory, type Memory, useMemoryChange } from "./memory-service.ts";
import { beginningOf, MemoryFacts, MemoryText, scored } from "./memory-words.tsx";
import { Provenance } from "./provenance.tsx";

/** How well a memory fits what was searched for. */
export interface Scores {
  readonly similarity: number;
  readonly relevance_score: number;
}

function Actions({ memory, name }: { readonly memory: Memory; readonly name: string }) {
  const [doing, setDoing] = useState<"edit" | "forget">();
  const changed = useMemoryChange(memory.agent_id);
  const close = () => setDoing(undefined);
  return (
    <div className="memory-actions">
      {memory.state === "archived" && <RestoreButton memory={memory} />}
      {memory.state === "merged" && <SeparateButton memory={memory} />}
      {memory.content !== null && (
        <button
          type="button"
          className="quiet small"
          aria-label={`Correct: ${beginningOf(memory)}`}
          onClick={() => setDoing("edit")}
        >
          <Icon name="edit" size={16} /> Correct
        </button>
      )}
      <button
        type="button"
        className="danger quiet small"
        aria-label={`Delete: ${beginningOf(memory)}`}
        onClick={() => setDoing("forget")}
      >
        Delete
      </button>
      {doing === "edit" && <EditMemoryDialog agentId={memory.agent_id} memoryId={memory.id} onClose={close} />}
      {doing === "forget" && (
        <ForgetDialog
          memory={memory}
          name={name}
          forget={() => forgetMemory(memory.id)}
          onGone={changed}
          onClose={close}
        />
      )}
    </div>
  );
}

interface RowProps {
  readonly memory: Memory;
  /** What the agent is called. */
  readonly name: string;
  readonly scores: Scores | undefined;
}

export function MemoryRow({ memory, name, scores }: RowProps) {
  const [why, setWhy] = useState(false);
  return (
    <li className="memory">
      <MemoryText memory={memory} />
      <MemoryFacts memory={memory}>
        {scores && (
          <span>
            similarity {scored(scores.similarity)} · relevance {scored(scores.relevance_score)}
          </span>
        )}
      </MemoryFacts>
      <details onToggle={(event) => setWhy(event.currentTarget.open)}>
        <summary>Why does it remember this?</summary>
        {why && <Provenance memoryId={memory.id} />}
      </details>
      <Actions memory={memory} name={name} />
    </li>
  );
}
