/** The live room as a widget: one engine for each model, one face for each view of it. */
import { showAlive } from "./alive.js";
import { LiveEngine } from "./engine.js";
import { createLiveRoomView } from "./view.js";

export default () => {
  let engine;
  return {
    initialize({ model }) {
      engine = new LiveEngine(model);
      return () => engine.dispose();
    },
    render({ model, el }) {
      return showAlive({ model, el }, () => {
        const leave = engine.addView();
        const clear = createLiveRoomView(engine, engine.model, el);
        return () => {
          clear();
          leave();
        };
      });
    },
  };
};
