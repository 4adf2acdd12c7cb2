/** Asks before leave to be remembered is taken back, and says how much goes with it; opened where one may choose. */
import { useQuery } from "@tanstack/react-query";
import { Dialog } from "../parts/dialog.tsx";
import { countOfMe } from "./memory-service.ts";

const counted = new Intl.NumberFormat();

/** What goes, as far as it could be counted. */
function goes(count: number | undefined): string {
  if (count === undefined) return "forgets all that it remembers about you, for good.";
  if (count === 0) return "has no memory of you yet.";
  return `forgets ${count === 1 ? "the one memory" : `all ${counted.format(count)} memories`} it has of you, for good.`;
}

interface WithdrawProps {
  readonly agentId: string;
  /** What the agent is called here. */
  readonly name: string;
  readonly onWithdraw: () => void;
  readonly onClose: () => void;
}

export function WithdrawDialog({ agentId, name, onWithdraw, onClose }: WithdrawProps) {
  const { data: count, isPending } = useQuery(countOfMe(agentId));
  const withdraw = () => {
    onClose();
    onWithdraw();
  };
  return (
    <Dialog title={`Shall ${name} forget you?`} onClose={onClose}>
      <div className="form">
        <p>
          {isPending ? "Counting what goes…" : `${name} ${goes(count)}`} It keeps nothing more about you until you say
          yes again. What was said in rooms stays there.
        </p>
        <footer>
          <button type="button" onClick={onClose}>
            Stay remembered
          </button>
          <button type="button" className="primary" disabled={isPending} onClick={withdraw}>
            Forget me
          </button>
        </footer>
      </div>
    </Dialog>
  );
}
