"""Write the shipped weights of the tiny CoDi from the checkpoints of its training: float16 safetensors."""

from __future__ import annotations

import argparse
import json
import pathlib

import torch
from safetensors import safe_open
from safetensors.torch import save_file


def read(path: pathlib.Path) -> tuple[dict[str, torch.Tensor], dict]:
    """Weights in float32, and what else stands in the file, of a file of `train_codi_gpu`."""
    with safe_open(path, "pt") as file:
        state = {key: file.get_tensor(key).float() for key in file.keys()}  # noqa: SIM118  (not a dictionary)
        about = {key: float(value) for key, value in (file.metadata() or {}).items()}
    return state, about


def trained(run: pathlib.Path) -> tuple[dict, dict, dict | None]:
    """The VAE; the denoiser, as "ema" among what else is known of it; the denoiser before guidance was learned."""
    if (run / "unet.safetensors").exists():  # of train_codi_gpu
        unet, about = read(run / "unet.safetensors")
        plain = run / "unet_plain.safetensors"
        about = {"scaling_factor": about["scaling_factor"], "step": int(about["step"])}
        return read(run / "vae.safetensors")[0], {"ema": unet, **about}, read(plain)[0] if plain.exists() else None
    from see2sound_nb.sounds import tiny_codi

    decoder, saved, teacher = (run / f"{name}.pt" for name in ("decoder", "unet", "teacher"))
    vae = torch.load(decoder if decoder.exists() else run / "vae.pt", weights_only=True)["model"]
    unet = torch.load(saved, weights_only=True) if saved.exists() else {"ema": tiny_codi.make_unet().state_dict()}
    return vae, unet, torch.load(teacher, weights_only=True) if teacher.exists() else None


def main() -> None:
    """Read what was trained, embed the known sentences; write the weights file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=pathlib.Path, required=True)
    parser.add_argument("--steps", type=int, default=8, help="denoising steps by default")
    parser.add_argument("--guidance", type=float, default=1.0, help="guidance scale by default")
    parser.add_argument(
        "--beyond", type=float, default=0.35, help="so far past the guided weights, seen from those before guidance"
    )
    parser.add_argument("--out", type=pathlib.Path, help="in place of the shipped file")
    args = parser.parse_args()
    from see2sound_nb.sounds import sound_classes, tiny_codi
    from see2sound_nb.sounds.minilm import embed_sentences

    vae, unet, teacher = trained(args.run)
    if teacher is not None:  # a little more guidance, without training
        unet["ema"] = {k: torch.lerp(teacher[k], v, 1.0 + args.beyond) for k, v in unet["ema"].items()}
    state = {f"vae.{k}": v for k, v in vae.items()} | {f"unet.{k}": v for k, v in unet["ema"].items()}
    state["sentences"] = embed_sentences(list(sound_classes.known_sentences()))
    settings = {
        "scaling_factor": unet.get("scaling_factor", 1.0),
        "num_inference_steps": args.steps,
        "guidance_scale": args.guidance,
        "trained_steps": unet.get("step", 0),
    }
    metadata = {
        "settings": json.dumps(settings),
        "license": "Apache-2.0",
        "source": "training/train_codi*.py, on recordings "
        "(training/recordings.py) and sounds rendered by genny; sentence embeddings by all-MiniLM-L6-v2 (Apache-2.0)",
    }
    out = args.out or tiny_codi.WEIGHTS
    part = out.with_suffix(".part")
    save_file({k: v.half().contiguous() for k, v in state.items()}, part, metadata=metadata)
    part.chmod(0o644)
    part.rename(out)
    print(f"{out.name}: {out.stat().st_size / 1e6:.1f} MB, {settings}")


if __name__ == "__main__":
    main()
