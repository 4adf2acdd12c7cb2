/** Escape that acts when it is pressed twice, so that nothing ends by a slip of the finger; used by the composer. */
import { useEffect, useState } from "react";

const WITHIN_MS = 3_000;

/** `ready` while there is something to act on; `armed` while the next press would act. */
export function useSecondEscape(ready: boolean, act: () => void) {
  const [pressed, setPressed] = useState(false);
  const armed = pressed && ready;
  useEffect(() => {
    if (!pressed) return;
    const timer = setTimeout(() => setPressed(false), WITHIN_MS);
    return () => clearTimeout(timer);
  }, [pressed]);
  const press = () => {
    if (!ready) return;
    if (armed) act();
    setPressed(!armed);
  };
  return { armed, press, disarm: () => setPressed(false) };
}
