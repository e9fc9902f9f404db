// Plays the audio emitters of a glTF scene (KHR_audio_emitter, a draft) in three.js, where its GLTFLoader leaves them out:
//
//   const listener = new THREE.AudioListener();
//   loader.register(audioEmitters(THREE, listener));
//   const gltf = await loader.loadAsync("scene.glb");
//   gltf.cameras[0].add(listener);   // the camera is the listener
//
// Browsers play nothing before somebody clicks: call listener.context.resume() then. Sources of a clip move by
// gltf.animations: give them to a THREE.AnimationMixer, and start it when resume() has resolved.

const NAME = "KHR_audio_emitter";

export function audioEmitters(THREE, listener) {
  return (parser) => {
    const { audio = [], sources = [], emitters = [] } = parser.json.extensions?.[NAME] ?? {};
    const waiting = [];

    async function heard(source, target) {
      const { bufferView } = audio[source.audio];
      const bytes = await parser.getDependency("bufferView", bufferView);
      target.setBuffer(await listener.context.decodeAudioData(bytes.slice(0))); // which would take the bytes away
      target.setLoop(source.loop ?? false);
      if (source.autoplay) waiting.push(target);
    }

    function player(emitter, source) {
      const own = emitter.type === "positional" ? new THREE.PositionalAudio(listener) : new THREE.Audio(listener);
      const { distanceModel, refDistance, maxDistance, rolloffFactor } = emitter.positional ?? {};
      own.name = emitter.name ?? "";
      own.setVolume((emitter.gain ?? 1) * (source.gain ?? 1));
      if (distanceModel) own.setDistanceModel(distanceModel);
      if (refDistance) own.setRefDistance(refDistance);
      if (maxDistance) own.setMaxDistance(maxDistance);
      if (rolloffFactor !== undefined) own.setRolloffFactor(rolloffFactor);
      return own;
    }

    async function players(numbers) {
      const group = new THREE.Group();
      for (const emitter of numbers.map((number) => emitters[number])) {
        for (const source of (emitter.sources ?? []).map((number) => sources[number])) {
          const own = player(emitter, source);
          group.add(own);
          await heard(source, own);
        }
      }
      return group;
    }

    return {
      name: NAME,
      createNodeAttachment(number) {
        const own = parser.json.nodes[number].extensions?.[NAME];
        return own ? players(own.emitters ?? [own.emitter]) : null;
      },
      async afterRoot(gltf) {
        const numbers = parser.json.scenes[parser.json.scene ?? 0].extensions?.[NAME]?.emitters ?? [];
        gltf.scene.add(await players(numbers));
        waiting.forEach((target) => target.play()); // all at one moment
      },
    };
  };
}
