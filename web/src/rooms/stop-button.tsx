/** Stops an agent in the middle of its turn, and marks what was stopped; in the rows of a room's timeline. */
import type { MouseEvent } from "react";
import { Icon } from "../parts/icon.tsx";
import type { LiveTurn, Stop } from "./room-state.ts";

export type StopTurn = (turn: LiveTurn) => void;

interface StopButtonProps {
  readonly name: string;
  readonly stop: Stop | undefined;
  readonly onStop: () => void;
}

export function StopButton({ name, stop, onStop }: StopButtonProps) {
  const press = ({ currentTarget }: MouseEvent<HTMLButtonElement>) => {
    // The button goes with the turn: who pressed it by keyboard stays among the messages, not at the top of the page.
    currentTarget.closest("section")?.focus({ preventScroll: true });
    onStop();
  };
  return (
    <>
      <button
        type="button"
        className="stop"
        aria-label={`Stop ${name}`}
        disabled={stop?.status === "asked"}
        onClick={press}
      >
        <Icon name="stop" size={16} /> Stop
      </button>
      {stop?.status === "failed" && (
        <p className="failure">
          <Icon name="warning" size={16} /> Not stopped. {stop.reason}
        </p>
      )}
    </>
  );
}

/** `by` is how the reader calls the one who stopped it. */
export const StoppedMark = ({
  by,
  unheard = false,
}: {
  readonly by: string | undefined;
  readonly unheard?: boolean;
}) => (
  <p className="stopped">
    <Icon name="stop" size={14} /> Stopped{by && ` by ${by}`}
    {unheard && " before anything was said"}
  </p>
);
