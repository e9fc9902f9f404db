"""What sounds like what: the sounding classes of the tiny CoDi and the photo labels that belong to them.

A *sounding class* is one kind of sound ("a dog barking"). A *label* is one of the 1000 names that the ImageNet
trunk gives to a photo ("beagle"). Every label belongs to one class, with a number from 0 to 1 for how likely such
a thing is heard at all: a beagle 1, a lit candle 0.5, a sofa 0.1. The table was written by hand.
"""

from __future__ import annotations

import dataclasses
import functools
import pathlib

LABELS_FILE = pathlib.Path(__file__).parents[1] / "data" / "imagenet_labels.txt"


@dataclasses.dataclass(frozen=True)
class SoundClass:
    """One kind of sound.

    Attributes
    ----------
    name : str
        Short name.
    template : str
        Caption with ``{}`` for the name of the thing: "a {} barking".
    captions : tuple of str
        Sentences that describe the sound, the plainest first.
    labels : str
        ImageNet indices: single ones and ranges, ``*0.5`` after one that is heard only sometimes.
    """

    name: str
    template: str
    captions: tuple[str, ...]
    labels: str = ""


def _class(name: str, template: str, captions: str, labels: str = "") -> SoundClass:
    return SoundClass(name, template, tuple(captions.split("; ")), labels)


# fmt: off
CLASSES: tuple[SoundClass, ...] = (
    _class("dog", "a {} barking",
           "a dog barking; barking dogs; a puppy yaps; woof woof",
           "151-268 273-275 277-280*0.7 150*0.8 537"),
    _class("cat", "a {} meowing",
           "a cat meowing; a kitten mews; meow; a hungry cat",
           "281-285"),
    _class("cow", "a {} mooing",
           "a cow mooing; cattle lowing; moo; cows in a pasture",
           "345-347 354*0.7 690*0.6"),
    _class("sheep", "a {} bleating",
           "a sheep bleating; goats bleat; baa; a lamb calls",
           "348-350 351-353*0.6 355*0.7"),
    _class("horse", "a {} neighing and trotting",
           "a horse neighing; hoofbeats of a horse; a pony trots; a galloping horse",
           "339 340*0.8 603*0.9"),
    _class("pig", "a {} grunting",
           "a pig grunting; oink; pigs snort; a hog snuffling",
           "341-343 344*0.7"),
    _class("lion", "a {} growling",
           "a lion roaring; a big cat growls; a bear growling; a wild beast roars; a tiger",
           "286-297 388*0.4 49-50*0.4"),
    _class("wolf", "a {} howling",
           "a wolf howling; howling wolves at night; a coyote howls",
           "269-272 276*0.8"),
    _class("elephant", "an {} trumpeting",
           "an elephant trumpeting; the call of an elephant; an elephant herd",
           "101 385 386"),
    _class("monkey", "a {} hooting",
           "a monkey hooting; chattering apes; monkeys in the jungle; a chimpanzee screeches",
           "365-384"),
    _class("rooster", "a {} crowing",
           "a rooster crowing; cock-a-doodle-doo; chickens and a cock; a farmyard at dawn",
           "7 8 9*0.4 80-86*0.8"),
    _class("songbird", "a {} singing",
           "a songbird singing; birdsong; birds chirping in the trees; a robin sings",
           "10-16 19 20 91-96*0.9 448*0.6"),
    _class("duck", "a {} quacking",
           "a duck quacking; ducks on a pond; a goose honks; waterfowl",
           "97-100 127-138*0.8"),
    _class("owl", "a {} hooting in the night",
           "an owl hooting; hoot of an owl at night; a night bird",
           "24"),
    _class("crow", "a {} cawing",
           "a crow cawing; caw caw; a raven croaks; a parrot squawks",
           "17 18 21-23*0.8 87-90*0.9"),
    _class("gull", "a {} crying over the sea",
           "a seagull crying; gulls at the harbour; sea birds",
           "139-146*0.9"),
    _class("frog", "a {} croaking",
           "a frog croaking; frogs in a pond; ribbit; toads at night",
           "30-32 25-29*0.3"),
    _class("cricket", "a {} chirping",
           "crickets chirping; insects in the grass on a summer night; a grasshopper; cicadas",
           "311 312 316 313-315*0.4 317-318*0.4"),
    _class("bee", "a {} buzzing",
           "a bee buzzing; buzzing insects; a fly buzzes; a swarm of bees",
           "308 309 300-307*0.4 319-320*0.6 410*0.9 599*0.7 321-326*0.2"),
    _class("snake", "a {} hissing and rattling",
           "a rattlesnake rattling; a snake hisses; a rattling snake",
           "52-68*0.7 38-48*0.2 51*0.1"),
    _class("stream", "water flowing around a {}",
           "a babbling brook; a stream flowing; running water; a small river",
           "562 975*0.5 472*0.4 576*0.5 693*0.3 0 1*0.2 389-397*0.2 33-37*0.2 337*0.4 360*0.4 839*0.3"),
    _class("waterfall", "the roar of water at a {}",
           "a waterfall; roaring water; a cascade of falling water; a cataract",
           "525*0.8 974*0.8"),
    _class("surf", "waves at a {}",
           "waves on a beach; the sea; ocean surf; breakers on the shore",
           "978 977 976*0.7 460 449*0.5 536*0.6 718*0.7 780*0.6 871*0.6 484*0.6 914*0.6 2-6*0.3 107-126*0.2 "
           "147-149*0.5 327-329*0.2 973*0.3 445*0.2 437*0.6 801*0.3 913*0.5 540*0.5 983*0.4"),
    _class("rain", "rain on an {}",
           "rain falling; a rainy street; a downpour; raindrops on a roof; drizzle",
           "879*0.6 756*0.5"),
    _class("thunder", "thunder over a {}",
           "thunder; a thunderstorm; a clap of thunder; lightning and rolling thunder"),
    _class("wind", "wind blowing over a {}",
           "wind blowing; a gust of wind in the trees; leaves rustling; a windy mountain",
           "970*0.6 972*0.5 979*0.5 557*0.5 723*0.6 701*0.4 417*0.3 425*0.3 580*0.3 825*0.2 912*0.2 915*0.3 "
           "958*0.2 984-986*0.3 987-998*0.2 102-106*0.2 330-336*0.2 338*0.2 356-359*0.3 361-364*0.2 298-299*0.3 "
           "387*0.3 649*0.3 672*0.4 716*0.2 853*0.2 500*0.3 821*0.4 682*0.3 703*0.3 706*0.3"),
    _class("fire", "the fire of a {} crackling",
           "a crackling fire; a campfire; burning wood; flames in a fireplace",
           "470*0.5 644*0.5 626*0.4 862*0.7 980 469*0.4 556*0.8 607*0.3"),
    _class("car", "the engine of a {}",
           "a car engine; a car driving; street traffic; an idling automobile",
           "436 468 511 573 575*0.7 581*0.7 609 627 656 661 717 751 817 479*0.7 475*0.6 920*0.5 919*0.3 704*0.3 "
           "571*0.4 785*0.3"),
    _class("motorcycle", "a {} revving",
           "a motorcycle revving; a motorbike engine; a moped; a scooter drives by",
           "665 670 802 621 518*0.4"),
    _class("truck", "the diesel engine of a {}",
           "a truck engine; a diesel lorry; a bus idling; a tractor",
           "569 654 675 757 779 803 864 866 867 874 586 847 595 561 730*0.6 856 517*0.5 660*0.3"),
    _class("train", "a {} on the rails",
           "a train passing; railway wheels on rails; a locomotive; a tram",
           "466 547 705 820 829 565 888*0.4"),
    _class("helicopter", "a {} hovering",
           "a helicopter; rotor blades of a helicopter; a chopper hovers overhead"),
    _class("airplane", "the jet engines of an {}",
           "a jet airplane; an airliner taking off; an aircraft flying; jet engines",
           "404 895 908 812*0.8 657*0.6 405*0.7 744*0.4"),
    _class("ship", "the horn of a {}",
           "a ship's horn; a foghorn in the harbour; a steamboat; a ferry sounds its horn",
           "403 510 628 554 625*0.8 814 833*0.6 694*0.8"),
    _class("siren", "the siren of a {}",
           "a siren wailing; police siren; an ambulance; a fire engine's siren",
           "407 555 734"),
    _class("bicycle", "the bell of a {}",
           "a bicycle bell; a bike ringing its bell; a cyclist",
           "444 671*0.9 870*0.8 880*0.6 612*0.5"),
    _class("church_bell", "the bells of a {}",
           "church bells; a bell tolling; bells ringing from a tower; a temple bell",
           "442 497*0.8 663*0.8 494 577*0.9 483*0.4 668*0.6 698*0.4 832*0.6 538*0.4 406*0.5 873*0.3 873*0.3"),
    _class("clock", "a {} ticking",
           "a clock ticking; tick tock; a pendulum clock; a ticking watch",
           "409 892 530*0.6 531*0.5 826*0.9 604*0.2 835*0.2 426*0.3 635*0.2"),
    _class("typing", "typing on a {}",
           "typing on a keyboard; computer keys clicking; an office worker types; a computer",
           "508 810 878 527*0.8 620*0.8 681*0.7 673*0.7 590*0.5 664*0.5 613*0.4 526*0.4 782*0.4 916*0.2"),
    _class("phone", "a {} ringing",
           "a telephone ringing; an old phone's bell; the phone rings; a mobile phone",
           "528 707 487*0.9 605*0.3"),
    _class("kettle", "a {} boiling",
           "a kettle whistling; boiling water and steam; a tea kettle; a steaming pot",
           "849*0.7 505*0.7 550*0.8 521*0.3 544*0.4 827*0.5"),
    _class("pour", "pouring a {}",
           "pouring coffee; pouring a drink into a cup; liquid poured into a glass; a cup of coffee",
           "967*0.6 968*0.5 504*0.5 899*0.5 725*0.5 969*0.4 647*0.3 435*0.5 896*0.5 876*0.4 898*0.4 804*0.2 "
           "861*0.4 794*0.4 463*0.3"),
    _class("glass", "the clink of a {}",
           "glasses clinking; a bottle clinks; cheers, a toast with wine; dishes and glassware",
           "440 441 572*0.8 907*0.7 966*0.7 737*0.6 901*0.6 503*0.6 438*0.4 883*0.2 923*0.4 455*0.4 720*0.2 "
           "711*0.2 729*0.4"),
    _class("door", "a {} creaking",
           "a creaking door; knocking on a door; a wooden door opens; a squeaky hinge",
           "799*0.7 894*0.3 743*0.3 771*0.4 492*0.3 495*0.2 765*0.4"),
    _class("fan", "the hum of a {}",
           "an electric fan; a vacuum cleaner; a humming machine; a ventilator; a washing machine",
           "545 589 882 897*0.9 534*0.8 760*0.6 651*0.6 811*0.6 753*0.3 713*0.6 742*0.6 745*0.5 786*0.8 859*0.3"),
    _class("chainsaw", "a {} at work",
           "a chainsaw; a power tool cutting wood; sawing timber with a motor saw",
           "491 740 634"),
    _class("hammer", "the blows of a {}",
           "hammering; a hammer hitting a nail; a carpenter at work; knocking wood",
           "587 677*0.4 596*0.7 784*0.3 477*0.5 726*0.4 499*0.4 783*0.2 792*0.3 413*0.6 763*0.6 764*0.6 471*0.7"),
    _class("crowd", "people talking at a {}",
           "a crowd of people talking; people chatting; voices in a restaurant; a busy market",
           "762 467*0.7 415*0.7 582*0.8 509*0.6 454*0.4 860*0.4 865*0.5 788*0.4 498*0.6 819*0.8 981*0.8 982*0.7 "
           "476*0.8 781*0.5 424*0.5 560*0.3 430*0.4 650*0.6 632*0.5 652*0.4 805*0.4 890*0.4 877*0.4"),
    _class("footsteps", "footsteps in a {}",
           "footsteps; someone walking; shoes on a wooden floor; a person walks by",
           "770*0.5 630*0.5 514*0.5 502*0.5 774*0.4"),
    _class("drums", "a {} playing a beat",
           "drums; a drum kit; drumming; a percussion beat",
           "541 822*0.9 642*0.9 641*0.9 542*0.3"),
    _class("guitar", "a {} playing",
           "an acoustic guitar; strumming a guitar; plucked strings; a banjo",
           "402 546 420 594"),
    _class("piano", "a {} playing",
           "a piano; piano music; someone plays the grand piano; a keyboard melody",
           "579 881"),
    _class("violin", "a {} playing",
           "a violin; a fiddle melody; a cello; a string quartet",
           "889 486"),
    _class("flute", "a {} playing",
           "a flute; flute music; a recorder; a woodwind melody",
           "558 699 683*0.9 684 432*0.9 902*0.8"),
    _class("trumpet", "a {} playing",
           "a trumpet; a brass band; a trombone; a horn fanfare",
           "513 566 875 776 458*0.3"),
    _class("organ", "an {} playing",
           "a pipe organ; organ music in a church; an accordion; a harmonica",
           "687 401*0.9 593*0.9"),
    _class("room", "the quiet room around a {}",
           "quiet room tone; silence indoors; the hush of an empty room; nothing is heard"),
)
# fmt: on

#: Captions also learn with these beginnings.
FRAMES = ("{}", "the sound of {}", "{} in the distance", "I hear {}", "a photo of {}")
SILENT = 0.1  # how likely a thing is heard that no class lists
NAMES = tuple(c.name for c in CLASSES)


@functools.cache
def label_names() -> tuple[str, ...]:
    """The 1000 ImageNet names, in the order of the trunk's outputs (first WordNet lemma of each synset)."""
    return tuple(LABELS_FILE.read_text(encoding="utf-8").splitlines())


@functools.cache
def label_table() -> tuple[tuple[int, float], ...]:
    """For each of the 1000 labels, the index of its class in `CLASSES` and how likely it is heard, 0 to 1."""
    table = [(NAMES.index("room"), SILENT)] * len(label_names())
    for index, sound in enumerate(CLASSES):
        for entry in sound.labels.split():
            span, _, score = entry.partition("*")
            first, _, last = span.partition("-")
            for label in range(int(first), int(last or first) + 1):
                table[label] = (index, float(score or 1.0))
    return tuple(table)


@functools.cache
def label_captions() -> tuple[str, ...]:
    """For each of the 1000 labels, a sentence of what it sounds like."""
    pairs = zip(label_names(), label_table(), strict=True)
    return tuple(CLASSES[index].template.format(name) for name, (index, _) in pairs)


@functools.cache
def known_sentences() -> tuple[str, ...]:
    """Sentences whose embeddings are shipped: the empty one, then class captions, then label captions."""
    captions = [caption for sound in CLASSES for caption in sound.captions]
    return tuple(dict.fromkeys(["", *captions, *label_captions()]))


def training_sentences(index: int) -> list[str]:
    """All sentences that describe class ``index``: its captions in every frame, and those of its labels."""
    sound = CLASSES[index]
    framed = [frame.format(caption) for caption in sound.captions for frame in FRAMES]
    labels = [c for c, (k, _) in zip(label_captions(), label_table(), strict=True) if k == index]
    return framed + labels + [sound.name.replace("_", " ")]
