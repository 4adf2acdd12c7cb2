/** What brings a memory back: out of where it was put away, or out of another that it was merged into; beside the memory. */
import { useMutation } from "@tanstack/react-query";
import { ProblemNotice } from "../parts/problem-notice.tsx";
import { announce } from "../shell/announcer.tsx";
import { type Memory, restoreMemory, separateMemory, useMemoryChange } from "./memory-service.ts";
import { beginningOf } from "./memory-words.tsx";

interface ButtonProps {
  readonly memory: Memory;
  readonly text: string;
  readonly act: (id: string) => Promise<unknown>;
  readonly done: string;
}

function MemoryButton({ memory, text, act, done }: ButtonProps) {
  const changed = useMemoryChange(memory.agent_id);
  const acting = useMutation({
    mutationFn: () => act(memory.id),
    onSuccess: () => {
      changed();
      announce(done);
    },
  });
  return (
    <>
      <button
        type="button"
        className="small"
        aria-label={`${text}: ${beginningOf(memory)}`}
        disabled={acting.isPending}
        onClick={() => acting.mutate()}
      >
        {text}
      </button>
      {acting.isError && <ProblemNotice error={acting.error} />}
    </>
  );
}

export const RestoreButton = ({ memory }: { readonly memory: Memory }) => (
  <MemoryButton memory={memory} text="Bring back" act={restoreMemory} done="The memory is back." />
);

/** Once taken apart, two memories are not merged again by themselves. */
export const SeparateButton = ({ memory }: { readonly memory: Memory }) => (
  <MemoryButton memory={memory} text="Separate" act={separateMemory} done="The memory stands for itself again." />
);
