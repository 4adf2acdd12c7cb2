/** Asks before a memory is deleted for good; opened from an agent's memory and from the page about oneself. */
import { useMutation } from "@tanstack/react-query";
import { Dialog } from "../parts/dialog.tsx";
import { ProblemNotice } from "../parts/problem-notice.tsx";
import { announce } from "../shell/announcer.tsx";
import type { Memory } from "./memory-service.ts";
import { MemoryText } from "./memory-words.tsx";

interface ForgetProps {
  readonly memory: Memory;
  /** Who forgets it. */
  readonly name: string;
  readonly forget: () => Promise<unknown>;
  readonly onGone: () => void;
  readonly onClose: () => void;
}

export function ForgetDialog({ memory, name, forget, onGone, onClose }: ForgetProps) {
  const remove = useMutation({
    mutationFn: forget,
    onSuccess: () => {
      announce(`${name} has forgotten it.`);
      onGone();
      onClose();
    },
  });
  return (
    <Dialog title="Delete this memory?" onClose={onClose}>
      <div className="form">
        <blockquote>
          <MemoryText memory={memory} />
        </blockquote>
        <p>{name} forgets it for good: the key to these words is destroyed. What was said in rooms stays there.</p>
        {remove.isError && <ProblemNotice error={remove.error} />}
        <footer>
          <button type="button" onClick={onClose}>
            Keep it
          </button>
          <button type="button" className="primary" disabled={remove.isPending} onClick={() => remove.mutate()}>
            Delete for good
          </button>
        </footer>
      </div>
    </Dialog>
  );
}
