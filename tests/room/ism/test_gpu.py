"""The GPU's kernels: the same bodies in Triton's interpreter, compiled for real GPUs, and on one where there is one."""

import contextlib
import importlib
import pathlib
import subprocess
import sys

import numpy as np
import pyroomacoustics
import pytest
import torch

from see2sound_nb.room import ism
from see2sound_nb.room.ism import cpu, reference
from see2sound_nb.room.ism.definition import Problem

triton = pytest.importorskip("triton", reason="Triton is there for Linux only")
from triton.backends.compiler import GPUTarget  # noqa: E402
from triton.compiler import ASTSource  # noqa: E402

MODULES = ("gpu", "gpu_kernels")
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
#: Of the peak. The interpreter computes as the CPU does; a GPU's roots and powers are approximations.
TOLERANCE = {"interpreter": 1e-6, "cuda": 1e-4}


@contextlib.contextmanager
def imported(interpreted):
    """`ism.gpu`, imported anew: Triton's decorators decide there and then whether to interpret or to compile."""
    before = {name: sys.modules.get(f"see2sound_nb.room.ism.{name}") for name in MODULES}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRITON_INTERPRET", str(int(interpreted)))
        forget()
        try:
            yield importlib.import_module("see2sound_nb.room.ism.gpu")
        finally:
            forget()
            for name, module in before.items():
                if module is not None:
                    sys.modules[f"see2sound_nb.room.ism.{name}"] = module
                    setattr(ism, name, module)


def forget():
    for name in MODULES:
        sys.modules.pop(f"see2sound_nb.room.ism.{name}", None)
        ism.__dict__.pop(name, None)


@pytest.fixture(params=["interpreter", pytest.param("cuda", marks=needs_cuda)])
def gpu(request):
    with imported(interpreted=request.param == "interpreter") as module:
        module.tolerance = TOLERANCE[request.param]
        module.device = {"interpreter": "cpu", "cuda": "cuda"}[request.param]
        yield module


@pytest.fixture
def compiled():
    with imported(interpreted=False) as module:
        yield module


def problem(rng, size_m=(6.0, 5.0, 3.0), sources=1, receivers=2, order=3, **given):
    """A room with places, walls and patterns drawn at random."""
    size = np.array(size_m)
    all_round = np.array([[1.0, 0.0, 0.0, 0.0]])
    drawn = dict(
        size_m=size,
        sources_m=rng.uniform(0.1, 0.9, (sources, 3)) * size,
        receivers_m=rng.uniform(0.1, 0.9, (receivers, 3)) * size,
        reflection=rng.uniform(0.6, 0.98, 6),
        reach=np.full(3, order, dtype=np.int64),
        order=order,
        farthest_m=np.inf,
        sample_rate=16000.0,
        speed_m_s=343.0,
        air_np_m=0.0,
        source_patterns=np.repeat(all_round, sources, axis=0),
        receiver_patterns=np.repeat(all_round, receivers, axis=0),
        ambisonic_order=-1,
        jitter_m=0.0,
        seed=0,
        lead=0,
    )
    return Problem(**(drawn | given))


def differences(h, problems, compute=cpu.responses):
    """Largest difference of each room in its peaks; h (B, S, R, C, L) must be long enough and zero where padded."""
    assert h.dtype == np.float32
    lengths = []
    for ours, room in zip(h, problems):
        theirs = compute(room)
        lengths.append(theirs.shape[-1])
        assert ours.shape[:-1] == theirs.shape[:-1]
        assert not ours[..., lengths[-1] :].any()
        short = min(ours.shape[-1], theirs.shape[-1])
        yield np.abs(ours[..., :short] - theirs[..., :short]).max() / np.abs(theirs).max()
    if compute is cpu.responses:
        assert h.shape[-1] == max(lengths)


CASES = {
    "several sources and receivers": dict(sources=2, receivers=3),
    "the direct sound alone": dict(order=0),
    "open and rigid walls": dict(reflection=np.array([0.0, 1.0, 0.5, 0.0, 1.0, 0.9])),
    "forty samples before the emission": dict(lead=40),
    "box": dict(order=6, reach=np.array([2, 1, 3])),
    "diamond cut off by the box": dict(order=4, reach=np.array([3, 4, 2])),
    "time limit": dict(order=10, reach=np.array([3, 3, 4]), farthest_m=12.0),
    "patterns": dict(
        sources=2,
        source_patterns=np.array([[0.5, 0.3, -0.4, 0.0], [0.2, 0.0, 0.5, -0.6]]),
        receiver_patterns=np.array([[0.5, 0.5, 0.0, 0.0], [0.0, 0.3, 0.1, 0.9]]),
    ),
    "air": dict(air_np_m=0.05),
    "jitter": dict(jitter_m=0.08, seed=2**32 - 3),
    "Ambisonics 0": dict(ambisonic_order=0, order=2),
    "Ambisonics 1": dict(ambisonic_order=1, jitter_m=0.02, seed=7, source_patterns=np.array([[0.5, 0.0, 0.5, 0.0]])),
    "Ambisonics 5": dict(ambisonic_order=5, order=2, receivers=1),
    "another rate and speed": dict(sample_rate=44100.0, speed_m_s=340.2, order=2),
}


@pytest.mark.parametrize("case", CASES)
def test_every_part_of_a_problem_agrees_with_the_cpu_and_the_definition(gpu, case, rng):
    room = problem(rng, **CASES[case])
    h = gpu.responses([room])
    assert max(differences(h, [room])) < gpu.tolerance
    assert max(differences(h, [room], reference.responses)) < gpu.tolerance


def test_rooms_of_different_size_and_order_in_one_batch(gpu, rng):
    rooms = [
        problem(rng, size_m, order=order, reach=np.array(reach), farthest_m=farthest_m, air_np_m=air)
        for size_m, order, reach, farthest_m, air in (
            ((6.0, 5.0, 3.0), 3, (3, 3, 3), np.inf, 0.0),
            ((3.0, 4.0, 2.5), 5, (2, 2, 1), np.inf, 0.02),
            ((10.0, 8.0, 4.0), 2, (2, 2, 2), 15.0, 0.0),
        )
    ]
    assert max(differences(gpu.responses(rooms), rooms)) < gpu.tolerance


def test_a_long_response_is_as_exact_late_as_early(gpu, rng):
    """At order 17 arrivals come 300 m away, where single precision would be off by a thousandth of a sample."""
    room = problem(rng, (14.0, 11.0, 6.0), receivers=1, order=17, reflection=np.full(6, 0.99))
    h = gpu.responses([room])
    assert max(differences(h, [room])) < gpu.tolerance
    late = slice(h.shape[-1] // 2, None)
    ours, theirs = h[0, ..., late], cpu.responses(room)[..., late]
    assert np.abs(ours - theirs).max() < 3 * gpu.tolerance * np.abs(theirs).max()


def test_a_room_is_pyroomacoustics(gpu, rng):
    room = problem(rng, (8.0, 6.0, 3.5), order=8, lead=40, reflection=np.full(6, np.sqrt(0.8)))
    theirs = pyroomacoustics.ShoeBox(
        room.size_m, fs=16000, materials=pyroomacoustics.Material(0.2), max_order=room.order
    )
    theirs.add_source(room.sources_m[0])
    theirs.add_microphone_array(room.receivers_m.T)
    before = pyroomacoustics.constants.get("rir_hpf_enable")
    pyroomacoustics.constants.set("rir_hpf_enable", False)
    try:
        theirs.compute_rir()
    finally:
        pyroomacoustics.constants.set("rir_hpf_enable", before)
    for ours, (rir,) in zip(gpu.responses([room])[0, 0, :, 0], theirs.rir):
        assert np.abs(ours[: len(rir)] - rir).max() < gpu.tolerance * np.abs(rir).max()
        assert not ours[len(rir) :].any()


def test_portions_make_no_difference(gpu, rng, monkeypatch):
    rooms = [problem(rng, receivers=3, order=2) for _ in range(2)]
    at_once = gpu.responses(rooms)
    monkeypatch.setattr(gpu, "SCRATCH_BYTES", 2 * 4 * 8 * 1200)  # of which two responses fit, so three portions
    np.testing.assert_allclose(gpu.responses(rooms), at_once, rtol=0, atol=1e-6 * np.abs(at_once).max())


def test_a_plan_serves_again_when_a_source_was_moved(gpu, rng):
    room = problem(rng, jitter_m=0.01)
    moved = room._replace(sources_m=room.sources_m[:, ::-1] * 0.5, seed=9)
    plan = gpu.prepare([room], gpu.device)
    plan.pairs.copy_(torch.from_numpy(gpu.pack([moved])))
    ours, theirs = gpu.launch(plan).cpu().numpy()[0], cpu.responses(moved)
    both = min(ours.shape[-1], theirs.shape[-1])
    assert ours.shape[-1] != theirs.shape[-1]
    assert np.abs(ours[..., :both] - theirs[..., :both]).max() < gpu.tolerance * np.abs(theirs).max()


def test_what_comes_too_late_for_a_plan_is_left_out_and_written_nowhere(gpu, rng):
    room = problem(rng, order=1)
    middle = 50 * room.size_m  # of a hall whose walls are hundreds of metres away
    far = room._replace(size_m=2 * middle, sources_m=middle + room.sources_m, receivers_m=middle + room.receivers_m)
    plan = gpu.prepare([room], gpu.device)
    plan.pairs.copy_(torch.from_numpy(gpu.pack([far])))
    h = gpu.launch(plan).cpu().numpy()
    direct = cpu.responses(far._replace(order=0))
    both = min(h.shape[-1], direct.shape[-1])
    assert np.abs(h[0, ..., :both] - direct[..., :both]).max() < gpu.tolerance * direct.max()
    assert not h[..., both:].any()


def test_the_engine_reaches_the_kernels(gpu):
    room = dict(
        size_m=[[5, 4, 3], [6, 5, 3]],
        sources_m=[[[1, 1, 1]], [[2, 1, 1]]],
        receivers_m=[[[3, 2, 1]], [[4, 4, 2]]],
        absorption=np.linspace(0.1, 0.6, 6)[:, None].repeat(6, axis=1)[None].repeat(2, axis=0),
        max_order=2,
        convention="pyroomacoustics",
        high_pass=True,
    )
    ours, theirs = (ism.shoebox_rir(**room, device=device) for device in ("cuda", "cpu"))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=3 * gpu.tolerance * np.abs(theirs).max())


def test_lengths_are_those_of_the_cpu(compiled):
    rng = np.random.default_rng(3)
    for number in range(300):
        order = int(rng.integers(0, 12))
        limit_s = round(rng.uniform(0.01, 0.2), 3)
        kind = (
            dict(order=order, jitter_m=0.1 * (number % 2)),
            dict(order=99, reach=rng.integers(0, 8, 3)),
            dict(order=order, reach=rng.integers(0, 8, 3)),
            dict(order=99, reach=rng.integers(5, 9, 3), farthest_m=limit_s * 343.0),
        )[number % 4]
        room = problem(rng, rng.uniform(2, 12, 3), 2, 2, **kind)
        assert compiled.response_length(compiled.pack([room])) == cpu.response_lengths(room).max()


def test_rooms_that_do_not_fit_together_are_refused(compiled, rng):
    rooms = [problem(rng, receivers=2), problem(rng, receivers=3)]
    with pytest.raises(ValueError, match=r"must be the same in all rooms.*call of their own"):
        compiled.prepare(rooms, "cpu")


def test_without_a_gpu_the_error_says_what_to_do(compiled, rng, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(RuntimeError, match="choose device='cpu'"):
        compiled.responses([problem(rng)])


def test_without_triton_the_error_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "triton", None)
    with pytest.raises(ModuleNotFoundError, match="choose device='cpu'"), imported(interpreted=False):
        pass


ADD_IMAGES = dict(
    singles="*fp32", doubles="*fp64", start="i32", lattice="*i16", points="i32", table="*fp32", norms="*fp32",
    moments="*fp32", rows="i32", lead="i32", ORDER="constexpr", JITTER="constexpr", IMAGES="constexpr",
)  # fmt: skip
FILTER_MOMENTS = dict(
    moments="*fp32", filters="*fp32", h="*fp32", start="i32", rows="i32", length="i32", PART="constexpr"
)


@pytest.mark.parametrize("capability", [80, 90])
@pytest.mark.parametrize("kernel", ["images", "images in fifth-order Ambisonics", "filter"])
def test_the_kernels_compile_for_real_gpus_and_nothing_spills(compiled, capability, kernel, tmp_path):
    if triton.__version__.startswith("3.2."):
        pytest.skip("Triton 3.2 is told in another way which arguments are aligned")
    if kernel == "filter":
        function, signature, constants = compiled.filter_moments, FILTER_MOMENTS, dict(PART=compiled.PART)
        options = dict(num_stages=1)
    else:
        many = kernel != "images"
        function, signature = compiled.add_images, ADD_IMAGES
        constants = dict(ORDER=5 if many else -1, JITTER=many, IMAGES=compiled.IMAGES)
        options = dict(enable_fp_fusion=False)
    aligned = [name for name, kind in signature.items() if kind[0] == "*" or name == "rows"]
    attributes = {(function.arg_names.index(name),): [["tt.divisibility", 16]] for name in aligned}
    source = ASTSource(function, signature, constants, attributes)
    binary = triton.compile(source, target=GPUTarget("cuda", capability, 32), options=options).asm["cubin"]
    (tmp_path / "kernel.cubin").write_bytes(binary)
    tool = pathlib.Path(triton.__file__).parent / "backends" / "nvidia" / "bin" / "cuobjdump"
    usage = subprocess.run([tool, "-res-usage", tmp_path / "kernel.cubin"], capture_output=True, text=True, check=True)
    assert f"Function {function.__name__}" in usage.stdout
    assert "STACK:0 " in usage.stdout and "LOCAL:0 " in usage.stdout


@needs_cuda
@pytest.mark.parametrize(("order", "sources", "receivers"), [(17, 3, 6), (17, 5, 6), (50, 1, 6)])
def test_cuda_at_full_size(compiled, rng, order, sources, receivers):
    room = problem(rng, (8.0, 6.0, 3.5), sources, receivers, order, reflection=np.full(6, 0.9))
    assert max(differences(compiled.responses([room]), [room])) < TOLERANCE["cuda"]


@needs_cuda
def test_cuda_graph_and_a_thousand_rooms_without_growth(compiled):
    rng = np.random.default_rng(5)
    rooms = [problem(rng, rng.uniform((3, 3, 2.5), (10, 8, 4)), order=17) for _ in range(1000)]
    plan = compiled.prepare(rooms, "cuda")
    h = compiled.launch(plan)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        captured = compiled.launch(plan)
    graph.replay()
    torch.cuda.synchronize()
    assert torch.allclose(captured, h, rtol=0, atol=1e-5 * float(h.abs().max()))
    del graph, captured
    few = [0, 500, 999]
    picked = differences(h[few].cpu().numpy(), [rooms[b] for b in few], lambda room: cpu.responses(room))
    assert max(picked) < TOLERANCE["cuda"]
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    for _ in range(3):
        compiled.launch(plan)
    assert torch.cuda.memory_allocated() == before
    result = h.numel() * h.element_size()
    assert torch.cuda.max_memory_allocated() - before < 2 * result + compiled.SCRATCH_BYTES + 2**24
