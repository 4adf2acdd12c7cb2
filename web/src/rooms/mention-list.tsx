/** The agents offered for a half-typed mention; the composer moves through it while the focus stays in the text. */
import type { Participant } from "#actors/room/frames.ts";
import { AiBadge, Portrait } from "../parts/portrait.tsx";

interface MentionListProps {
  readonly id: string;
  readonly agents: ReadonlyArray<Participant>;
  readonly chosen: number;
  readonly onPick: (name: string) => void;
}

export function MentionList({ id, agents, chosen, onPick }: MentionListProps) {
  return (
    <div id={id} className="mentions" role="listbox" aria-label="Agents in this room">
      {agents.map((agent, index) => (
        // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the text, which names the active option
        <div
          key={agent.agent_id}
          id={`${id}-${index}`}
          role="option"
          aria-selected={index === chosen}
          // The text must not lose the focus before the click arrives.
          onPointerDown={(event) => {
            event.preventDefault();
            onPick(agent.name);
          }}
        >
          <Portrait id={agent.agent_id ?? agent.name} name={agent.name} kind="agent" />
          <span>{agent.name}</span>
          <AiBadge />
        </div>
      ))}
    </div>
  );
}
