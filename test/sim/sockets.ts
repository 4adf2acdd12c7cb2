/** The sockets that an instance sees: those of its object that are open. */
import { type Instance, ServerSocket } from "./objects.ts";

/** The sockets of an object as this instance sees them: made anew for each of its lives. */
export const socketsOf = (instance: Instance, output: (send: () => void) => void): ReadonlyArray<ServerSocket> =>
  [...instance.object.lines].map((line) => {
    const known = instance.sockets.get(line);
    if (known !== undefined) return known;
    const made = new ServerSocket(line, (text) => output(() => line.down(text)));
    instance.sockets.set(line, made);
    return made;
  });
