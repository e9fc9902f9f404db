"""What sounds like what: the sounding classes of the tiny CoDi and the photo labels that belong to them.

A *sounding class* is one kind of sound ("a dog barking"). A *label* is one of the 1000 names that the ImageNet
trunk gives to a photo ("beagle"; WordNet's first lemma, or a clearer name where ``data/README.md`` says so), a *thing*
one of the 80 that the detector finds ("dog"). Every label and every thing belongs to one class, with a number from 0
to 1 for how likely such a thing is heard at all: a beagle 1, a lit candle 0.5, a sofa 0.1. Where no class fits, a label
belongs to the nearest: a peacock calls "like a rooster". The table was written by hand.
"""

from __future__ import annotations

import dataclasses
import functools
import pathlib

from see2sound_nb.sounds.english import plural, with_article

LABELS_FILE = pathlib.Path(__file__).parents[1] / "data" / "imagenet_labels.txt"


@dataclasses.dataclass(frozen=True)
class SoundClass:
    """One kind of sound.

    Attributes
    ----------
    name : str
        Short name.
    template : str
        Caption with ``{}`` for the thing, with its article: "{} barking". ``{several}`` stands for its plural, and
        ``{s}`` is "s" where there are several.
    captions : tuple of str
        Sentences that describe the sound, the plainest first.
    labels : str
        ImageNet indices: single ones and ranges, ``*0.5`` after one that is heard only sometimes.
    things : str
        Names of COCO's things, with ``;`` between them, ``*0.5`` as above.
    words : str
        Words and phrases of a text that lead to the class, with ``;`` between them: what sounds, without a mark
        ("dog"); with ``!`` verbs of sounding, which follow the thing that does it ("bark!"); with ``?`` what is only
        a hint, such as a place ("kennel?"). `free_text` reads them, and the names of labels and things besides.
    """

    name: str
    template: str
    captions: tuple[str, ...]
    labels: str = ""
    things: str = ""
    words: str = ""


def _class(name: str, template: str, captions: str, labels: str = "", things: str = "", words: str = "") -> SoundClass:
    return SoundClass(name, template, tuple(captions.split("; ")), labels, things, words)


# fmt: off
CLASSES: tuple[SoundClass, ...] = (
    _class("dog", "{} barking",
           "a dog barking; barking dogs; a puppy yaps; woof woof",
           "151-268 273-275 277-280*0.7 150*0.8 537",
           things="dog",
           words="dog; doggy; puppy; pup; pooch; hound; terrier; spaniel; poodle; retriever; labrador; beagle; "
                 "dachshund; husky; collie; rottweiler; mongrel; canine; fox; dingo; bark!; woof!; yap!; yelp!; "
                 "whimper?; whine?; kennel?; pant?"),
    _class("cat", "{} meowing",
           "a cat meowing; a kitten mews; meow; a hungry cat",
           "281-285",
           things="cat",
           words="cat; kitten; kitty; pussycat; tomcat; tabby; meow!; miaow!; mew!; purr!; caterwaul!"),
    _class("cow", "{} mooing",
           "a cow mooing; cattle lowing; moo; cows in a pasture",
           "345-347 354*0.7 690*0.6",
           things="cow",
           words="cow; cattle; calf; bull; ox; buffalo; bison; heifer; dairy herd; moo!; camel; pasture?; bellow?; "
                 "cowshed"),
    _class("sheep", "{} bleating",
           "a sheep bleating; goats bleat; baa; a lamb calls",
           "348-350 351-353*0.6 355*0.7",
           things="sheep",
           words="sheep; lamb; goat; ewe; ram; billy goat; nanny goat; kid goat; llama; alpaca; antelope; gazelle; "
                 "deer; baa!; bleat!; flock?"),
    _class("horse", "{} neighing and trotting",
           "a horse neighing; hoofbeats of a horse; a pony trots; a galloping horse",
           "339 340*0.8 603*0.9",
           things="horse; zebra*0.6",
           words="horse; pony; stallion; mare; foal; donkey; mule; zebra; hoofbeat; hoof; horseback; jockey; "
                 "cavalry; stagecoach; neigh!; whinny!; gallop!; trot!; canter!; clip-clop!; stable?; rider?; "
                 "saddle?; carriage; horse cart; horse race"),
    _class("pig", "{} grunting",
           "a pig grunting; oink; pigs snort; a hog snuffling",
           "341-343 344*0.7",
           words="pig; piglet; hog; swine; sow; boar; warthog; hippo; hippopotamus; oink!; grunt!; snort!; snore!; "
                 "squeal?; pigsty"),
    _class("lion", "{} growling",
           "a lion roaring; a big cat growls; a bear growling; a wild beast roars; a tiger",
           "286-297 388*0.4 49-50*0.4 51*0.1",
           things="bear*0.8",
           words="lion; lioness; tiger; leopard; panther; jaguar; cougar; puma; cheetah; lynx; bear; big cat; wild "
                 "beast; grizzly; dinosaur; dragon; monster; crocodile; alligator; growl!; snarl!; roar?"),
    _class("wolf", "{} howling",
           "a wolf howling; howling wolves at night; a coyote howls",
           "269-272 276*0.8",
           words="wolf; coyote; hyena; jackal; werewolf; wolf pack; howl?"),
    _class("elephant", "{} trumpeting",
           "an elephant trumpeting; the call of an elephant; an elephant herd",
           "101 385 386",
           things="elephant",
           words="elephant; mammoth; trumpeting elephant"),
    _class("monkey", "{} hooting",
           "a monkey hooting; chattering apes; monkeys in the jungle; a chimpanzee screeches",
           "365-384",
           words="monkey; ape; chimpanzee; chimp; gorilla; orangutan; baboon; gibbon; macaque; lemur; primate; "
                 "chatter?; jungle?; zoo?"),
    _class("rooster", "{} crowing",
           "a rooster crowing; cock-a-doodle-doo; chickens and a cock; a farmyard at dawn",
           "7 8*0.9 80-86*0.8",
           words="rooster; cockerel; hen; chicken; chick; poultry; turkey; peacock; pheasant; partridge; quail; "
                 "grouse; cock-a-doodle-doo!; cluck!; cackle?; crow at dawn; cock crow; farmyard?; barnyard?; coop?"),
    _class("songbird", "{} singing",
           "a songbird singing; birdsong; birds chirping in the trees; a robin sings",
           "10-16 19 20 91-92*0.9 94-95*0.9 448*0.6",
           things="bird",
           words="songbird; bird; birdsong; birdie; robin; nightingale; blackbird; thrush; lark; skylark; sparrow; "
                 "finch; canary; wren; warbler; swallow; starling; cuckoo; woodpecker; hummingbird; budgie; "
                 "budgerigar; dawn chorus; chirp!; tweet!; twitter!; warble!; aviary; nest?; birdcage?; pigeon; "
                 "dove; coo!; feather?"),
    _class("duck", "{} quacking",
           "a duck quacking; ducks on a pond; a goose honks; waterfowl",
           "97-100 127-138*0.8",
           words="duck; duckling; mallard; drake; goose; swan; heron; crane bird; stork; flamingo; waterfowl; "
                 "quack!; honk?; duck pond"),
    _class("owl", "{} hooting in the night",
           "an owl hooting; hoot of an owl at night; a night bird",
           "24",
           words="owl; night bird; tawny owl; screech owl; hoot!; tu-whit"),
    _class("crow", "{} screeching and cawing",
           "a crow cawing; caw caw; a raven croaks; a parrot squawks",
           "17 18 21-23*0.8 87-90*0.9 93*0.8 96*0.8",
           words="crow; raven; rook; jackdaw; magpie; jay; parrot; cockatoo; macaw; vulture; eagle; hawk; falcon; "
                 "buzzard; caw!; croak raven; squawk!; screech?"),
    _class("gull", "{} calling like a gull",
           "a seagull crying; gulls at the harbour; sea birds",
           "139-146*0.9",
           words="gull; seagull; seabird; sea bird; albatross; pelican; puffin; penguin; cormorant; sandpiper; tern"),
    _class("frog", "{} croaking",
           "a frog croaking; frogs in a pond; ribbit; toads at night",
           "30-32 25-29*0.3",
           words="frog; toad; bullfrog; tree frog; tadpole; amphibian; ribbit!; croak!; newt; salamander; swamp?; "
                 "marsh?; pond?"),
    _class("cricket", "{} chirping",
           "crickets chirping; insects in the grass on a summer night; a grasshopper; cicadas",
           "311 312 316 313-315*0.4 317-318*0.4",
           words="cricket; grasshopper; cicada; locust; katydid; stridulate!; summer night?; night insect; insect?; "
                 "meadow?"),
    _class("bee", "{} buzzing",
           "a bee buzzing; buzzing insects; a fly buzzes; a swarm of bees",
           "308 309 300-307*0.4 319-320*0.6 410*0.9 599*0.7 321-326*0.2",
           words="bee; bumblebee; honeybee; wasp; hornet; flies?; fly; housefly; mosquito; gnat; midge; beetle; "
                 "dragonfly; beehive; hive; apiary; swarm; insect buzz; buzz!; bug?; butterfly?"),
    _class("snake", "{} hissing",
           "a rattlesnake rattling; a snake hisses; a rattling snake",
           "52-68*0.7 38-48*0.2",
           words="snake; rattlesnake; viper; cobra; python; adder; serpent; reptile; lizard; rattler; hiss!; "
                 "slither!"),
    _class("stream", "water flowing around {}",
           "a babbling brook; a stream flowing; running water; a small river",
           "562 975*0.5 472*0.4 576*0.5 693*0.3 0-1*0.2 124*0.2 389-397*0.2 35-36*0.2 337*0.4 360*0.4 839*0.3",
           words="stream; brook; creek; river; rivulet; spring water; fountain; rapids; canal; canoe; rowing boat; "
                 "paddle; running water; flow water; water flow; babble!; gurgle!; trickle!; ripple!; fish?; lake?; "
                 "pond?; water?; splash!; swim?; rowboat"),
    _class("waterfall", "the roar of water at {}",
           "a waterfall; roaring water; a cascade of falling water; a cataract",
           "525*0.8 974*0.8",
           words="waterfall; cascade; cataract; niagara falls; falls?; weir; dam; geyser; torrent; roaring water"),
    _class("surf", "waves near {}",
           "waves on a beach; the sea; ocean surf; breakers on the shore",
           "978 977 976*0.7 460 449*0.5 536*0.6 718*0.7 780*0.6 871*0.6 484*0.6 914*0.6 2-6*0.3 33-34*0.2 "
           "107-110*0.2 112*0.2 115-123*0.2 125*0.2 147-149*0.5 327-329*0.2 973*0.3 445*0.2 437*0.6 801*0.3 913*0.5 "
           "540*0.5 724*0.5 983*0.2",
           things="surfboard*0.5",
           words="surf; wave; sea; ocean; beach; seashore; seaside; shore; coast; tide; breaker; swell; sandbank; "
                 "reef; sailing boat; sailboat; yacht; whale; dolphin; shark; surfer; swimmer?; lighthouse?; pier?; "
                 "island?; lapping?; wave crash; diver?; sailor?"),
    _class("rain", "rain on {}",
           "rain falling; a rainy street; a downpour; raindrops on a roof; drizzle",
           "879*0.6 756*0.5",
           things="umbrella*0.3",
           words="rain; raining; rainfall; raindrop; rainstorm; downpour; drizzle; drizzling; shower of rain; rain "
                 "shower; cloudburst; rainy; hail; hailstone; sleet; monsoon; umbrella?; wet?; puddle?"),
    _class("thunder", "thunder over {}",
           "thunder; a thunderstorm; a clap of thunder; lightning and rolling thunder",
           words="thunder; thundering; thunderstorm; thunderclap; lightning; thunderbolt; stormy night; storm; "
                 "explosion; explode!; bomb; blast!; cannon; firework; detonation; earthquake; avalanche; rumble?; "
                 "boom!; bang?; firecracker; burst?; artillery; grenade; battle; war; eruption; landslide; thump?; "
                 "thud?"),
    _class("wind", "wind blowing over {}",
           "wind blowing; a gust of wind in the trees; leaves rustling; a windy mountain",
           "970*0.6 972*0.5 979*0.5 980*0.5 557*0.5 723*0.6 701*0.4 417*0.3 425*0.3 580*0.3 825*0.2 912*0.2 915*0.3 "
           "958*0.2 984-986*0.3 987-998*0.2 9*0.2 102-106*0.2 330-332*0.2 334-336*0.2 356-359*0.3 361-364*0.2 "
           "298-299*0.3 387*0.3 649*0.3 672*0.4 716*0.2 853*0.2 500*0.3 821*0.4 682*0.3 703*0.3 706*0.3 "
           "450*0.2 489*0.2 645-646*0.2 755*0.2 795*0.2 807*0.2 815*0.1 858*0.2 863*0.2 873*0.3 900*0.2",
           things="kite*0.4",
           words="wind; breeze; gust; gale; hurricane; tornado; typhoon; cyclone; blizzard; snowstorm; sandstorm; "
                 "draught; windy; breezy; leaf; leaves; foliage; wind turbine; kite; sail; desert?; mountain?; "
                 "hill?; prairie?; forest?; wood?; woods?; tree?; field?; grass?; snow; rustle!; whoosh!; flag; "
                 "windmill; sway!; flutter!; wind blow"),
    _class("fire", "the fire of {} crackling",
           "a crackling fire; a campfire; burning wood; flames in a fireplace",
           "470*0.5 644*0.5 626*0.4 862*0.7 469*0.4 556*0.8 607*0.3",
           words="fire; campfire; bonfire; flame; blaze; fireplace; fireside; hearth; log fire; inferno; embers; "
                 "candle; torch; matchstick; light match; wood burn; burn wood; burn log; log burn; burn!; crackle!; "
                 "lava; volcano; log?"),
    _class("car", "the engine{s} of {}",
           "a car engine; a car driving; street traffic; an idling automobile",
           "436 468 511 573 575*0.7 581*0.7 609 627 656 661 717 751 817 479*0.7 475*0.6 920*0.5 919*0.3 704*0.3 "
           "571*0.4 640*0.1 785*0.3",
           things="car",
           words="car; automobile; traffic; sedan; convertible; taxi; cab; jeep; limousine; limo; racing car; race "
                 "car; formula one; go-kart; car engine; car horn; highway; motorway; freeway; road?; street?; "
                 "driver?; drive!; engine?; motor?; tyre; tire; garage?; intersection?; crossroads?; honk?; pickup; "
                 "van; parking lot?; accelerate?; idle?; vehicle; skid!; tyre squeal; tire squeal; windscreen wiper; "
                 "traffic jam; brake?; toot!"),
    _class("motorcycle", "{} revving",
           "a motorcycle revving; a motorbike engine; a moped; a scooter drives by",
           "665 670 802 621 518*0.4",
           things="motorcycle",
           words="motorcycle; motorbike; moped; scooter; vespa; biker; harley; motocross; dirt bike; quad bike; "
                 "snowmobile; lawn mower; lawnmower; mow!; rev!; mower; outboard motor; chopper bike; engine rev; "
                 "rev engine; skateboard; jet ski"),
    _class("truck", "the diesel engine{s} of {}",
           "a truck engine; a diesel lorry; a bus idling; a tractor",
           "569 654 675 757 779 803 864 866 867 874 586 847 595 561 730*0.6 856 408*0.7 517*0.5 660*0.3",
           things="truck; bus",
           words="truck; lorry; bus; coach?; tractor; minibus; bulldozer; digger; excavator; forklift; combine "
                 "harvester; harvester; diesel; diesel engine; diesel generator; dump truck; dustcart; garbage "
                 "truck; bin lorry; tank; plough; plow; snowplow; construction site; building site; roadwork; crane; "
                 "camper van; generator; air brake; cement mixer; caravan; farm machine; bus stop?; farmer?; farm?"),
    _class("train", "{} on the rails",
           "a train passing; railway wheels on rails; a locomotive; a tram",
           "466 547 705 820 829 565 888*0.4",
           things="train",
           words="train; railway; railroad; locomotive; steam engine; tram; streetcar; subway; metro; underground "
                 "train; rail; railway carriage; railway station; train station; level crossing; freight car; "
                 "platform?; choo choo; monorail; trolley?; train horn; train whistle; railroad crossing; chug!"),
    _class("helicopter", "{} hovering",
           "a helicopter; rotor blades of a helicopter; a chopper hovers overhead",
           words="helicopter; chopper; rotor; rotor blade; drone; quadcopter; hover!"),
    _class("airplane", "the jet engines of {}",
           "a jet airplane; an airliner taking off; an aircraft flying; jet engines",
           "404 895 908 812*0.8 657*0.6 405*0.7 744*0.4",
           things="airplane",
           words="airplane; aeroplane; plane; aircraft; jet; airliner; jumbo jet; fighter jet; jet engine; "
                 "propeller; biplane; glider; rocket; spaceship; spacecraft; space shuttle; missile; ufo; take off?; "
                 "takeoff?; runway?; airport?; zeppelin; airship; flight; airfield; pilot?; bomber; landing?"),
    _class("ship", "the horn{s} of {}",
           "a ship's horn; a foghorn in the harbour; a steamboat; a ferry sounds its horn",
           "403 510 628 554 625*0.8 814 833*0.6 694*0.8",
           things="boat*0.5",
           words="ship; foghorn; fog horn; ship horn; steamboat; steamer; ferry; liner; cruise ship; tugboat; tug; "
                 "cargo ship; container ship; submarine; boat; motorboat; speedboat; vessel; trawler; fishing boat; "
                 "harbour?; harbor?; port?; dock?; captain?; air horn; barge; oil tanker; hovercraft; anchor?; boat "
                 "engine"),
    _class("siren", "the siren{s} of {}",
           "a siren wailing; police siren; an ambulance; a fire engine's siren",
           "407 555 734",
           words="siren; ambulance; police; police car; fire engine; fire truck; fire brigade; firefighter; alarm; "
                 "fire alarm; burglar alarm; car alarm; smoke alarm; smoke detector; air raid; emergency vehicle; "
                 "paramedic; wail!; beep?; buzzer; emergency?; police officer?; fireman; hospital?"),
    _class("bicycle", "the bell{s} of {}",
           "a bicycle bell; a bike ringing its bell; a cyclist",
           "444 671*0.9 870*0.8 880*0.6 612*0.5",
           things="bicycle*0.8",
           words="bicycle; bike; cyclist; cycling; bicycle bell; bike bell; tricycle; rickshaw; unicycle; ring bell "
                 "bicycle; bike ride; pedal!; tandem"),
    _class("church_bell", "the bells of {}",
           "church bells; a bell tolling; bells ringing from a tower; a temple bell",
           "442 497*0.8 663*0.8 494 577*0.9 483*0.4 698*0.4 832*0.6 538*0.4 406*0.5",
           words="bell; church bell; bell tower; belfry; carillon; temple bell; chime; wind chime; gong; toll!; "
                 "peal!; knell; ding dong!; steeple; church?; cathedral?; temple?; monastery?; chapel?; mosque?; "
                 "ding!; clang!; wedding?; funeral?; cowbell; sleigh bell; bell ringer"),
    _class("clock", "{} ticking",
           "a clock ticking; tick tock; a pendulum clock; a ticking watch",
           "409 892 530*0.6 531*0.5 826*0.9",
           things="clock*0.6",
           words="clock; watch?; stopwatch; metronome; pendulum; cuckoo clock; grandfather clock; alarm clock; "
                 "wristwatch; timer; time bomb; tick!; tick tock!; hourglass; countdown?; big ben"),
    _class("typing", "typing at {}",
           "typing on a keyboard; computer keys clicking; an office worker types; a computer",
           "508 810 878 527*0.8 620*0.8 681*0.7 673*0.7 590*0.5 664*0.5 613*0.4 526*0.4 782*0.4 916*0.2",
           things="laptop*0.7; keyboard*0.9; mouse*0.5",
           words="typing; keyboard; typist; typewriter; laptop; computer?; computer keyboard; computer mouse; mouse "
                 "click; programmer; hacker; coder; secretary; write email; write letter; email; write code; type!; "
                 "office?; desk?; click?; keypad; pc; video game; gamer; console?; write?; calculator; cash "
                 "register; joystick; homework?"),
    _class("phone", "{} ringing",
           "a telephone ringing; an old phone's bell; the phone rings; a mobile phone",
           "528 707 487*0.9",
           things="cell phone*0.5",
           words="phone; telephone; cell phone; cellphone; mobile; mobile phone; smartphone; ringtone; phone call; "
                 "phone box; call centre; doorbell; door bell; ring?; dial!; dial tone; telephone booth; receiver; "
                 "switchboard"),
    _class("kettle", "{} boiling",
           "a kettle whistling; boiling water and steam; a tea kettle; a steaming pot",
           "849*0.7 505*0.7 550*0.8 521*0.3 544*0.4 827*0.5",
           words="kettle; teakettle; tea kettle; boil!; boiling water; water boil; steam; pot boil; simmer!; steam "
                 "hiss; teapot; coffee machine; espresso machine; coffee maker; pressure cooker; stew; soup boil; "
                 "whistling kettle; bubble!; sauna; hot water?; steam release"),
    _class("pour", "pouring a drink into {}",
           "pouring coffee; pouring a drink into a cup; liquid poured into a glass; a cup of coffee",
           "967*0.6 968*0.5 504*0.5 899*0.5 725*0.5 969*0.4 647*0.3 898*0.4 "
           "463*0.3",
           things="cup*0.4",
           words="pour!; fill glass; fill cup; fill mug; fill jug; fill bottle; refill!; decant!; drink pour; "
                 "coffee?; tea?; juice?; milk?; wine?; beverage; mug; cup; jug; pitcher; bartender?; water bottle?; "
                 "drink?; fill?; pour water; watering can; bucket?; lemonade?; cocktail; serve drink"),
    _class("glass", "the clink of {}",
           "glasses clinking; a bottle clinks; cheers, a toast with wine; dishes and glassware",
           "440 441 572*0.8 907*0.7 966*0.7 737*0.6 901*0.6 503*0.6 438*0.4 883*0.2 455*0.4 720*0.2 "
           "711*0.2",
           things="wine glass*0.6; bottle*0.3",
           words="glass; glasses; wine glass; bottle; clink!; toast with champagne; champagne; raise glass; cheers; "
                 "goblet; crystal glass; chandelier; glassware; wineglass; tinkle!; jar; vase?; toast!; window "
                 "break; shatter!; wine?; beer?; ice cube; coin; jingle!; jangle!; smash!; broken glass; mirror?; "
                 "porcelain"),
    _class("door", "{} creaking",
           "a creaking door; knocking on a door; a wooden door opens; a squeaky hinge",
           "799*0.7 894*0.3 743*0.3 771*0.4 492*0.3 495*0.2 765*0.4",
           words="door; doorway; doorframe; hinge; gate; creak!; squeak!; knock!; tapping?; slam!; door handle; "
                 "drawer; cupboard; wardrobe; hatch?; cellar?; lock; key in lock; haunted house; floorboard; latch; "
                 "coffin; zipper; rattle?; rocking chair; elevator; shutter; scrape!; rusty?; window?; ghost?; lid; "
                 "floor creak"),
    _class("fan", "the hum of {}",
           "an electric fan; a vacuum cleaner; a humming machine; a ventilator; a washing machine",
           "545 589 882 897*0.9 534*0.8 760*0.6 651*0.6 811*0.6 753*0.3 713*0.6 742*0.6 745*0.5 786*0.8 859*0.3",
           things="hair drier*0.8; refrigerator*0.4; microwave*0.5",
           words="fan; ventilator; ventilation; vacuum cleaner; washing machine; tumble dryer; dishwasher; hair "
                 "dryer; hairdryer; blow dryer; vacuum!; hoover!; air conditioner; air conditioning; aircon; "
                 "refrigerator; fridge; freezer; microwave; heater; dehumidifier; extractor; photocopier; printer; "
                 "server; server room; sewing machine; machine; machinery; appliance; blender; mixer; food "
                 "processor; electric shaver; shaver; hum?; whir!; whirr!; drone?; turbine; laundry?; factory; "
                 "toaster; elevator motor; electric motor; conveyor belt; camera?; robot; pump; compressor; spin?"),
    _class("chainsaw", "{} at work",
           "a chainsaw; a power tool cutting wood; sawing timber with a motor saw",
           "491 740 634",
           words="chainsaw; chain saw; sawing; saw wood; handsaw; cut wood; sawmill; power tool; power saw; circular "
                 "saw; angle grinder; grinder; power drill; electric drill; dentist drill; hedge trimmer; strimmer; "
                 "leaf blower; lumberjack; logger; cut down tree; fell tree; timber?; sanding; woodcutter; hacksaw; "
                 "welding; dentist; tool?; drill!"),
    _class("hammer", "the blows of {}",
           "hammering; a hammer hitting a nail; a carpenter at work; knocking wood",
           "587 677*0.4 596*0.7 784*0.3 477*0.5 726*0.4 499*0.4 792*0.3 413*0.6 763*0.6 764*0.6 471*0.7",
           words="hammer!; carpenter; mallet; anvil; blacksmith; nail; jackhammer; pneumatic drill; sledgehammer; "
                 "axe; chop wood; chop!; split wood; gunshot; gun; shot; shoot!; pistol; rifle; machine gun; "
                 "workshop; toolbox; builder?; pound!; woodwork; bang nail; stonemason; chisel; construction "
                 "worker?; hatchet; ax; chop vegetable; gunfire; punch!; punching bag; boxing; boxer; soldier?; "
                 "hunter; construction; hit?; quarry"),
    _class("crowd", "people talking at {}",
           "a crowd of people talking; people chatting; voices in a restaurant; a busy market",
           "762 467*0.7 415*0.7 582*0.8 509*0.6 454*0.4 860*0.4 865*0.5 788*0.4 498*0.6 "
           "476*0.8 424*0.5 877*0.4 668*0.5",
           words="crowd; crowded; people?; busy market; market?; marketplace; restaurant?; cafe?; café?; pub?; bar?; "
                 "canteen; cafeteria; lobby?; shopping mall; shopping centre; mall?; shop?; supermarket?; fair?; "
                 "party; reception; murmur!; babble of voice; chatter!; hubbub; conversation in restaurant; rush "
                 "hour crowd; guest?; mob; queue?; hum of voice; carnival; gathering; protest; demonstration; "
                 "foyer?; voices; many people; fairground; dinner party; station concourse; museum?; bazaar; "
                 "bustle!; busy street; busy café; busy cafe; tourist?; meeting; town square?; city?; passenger?; "
                 "customer?; parliament"),
    _class("footsteps", "footsteps in {several}",
           "footsteps; someone walking; shoes on a wooden floor; a person walks by",
           "770*0.5 630*0.5 514*0.5 502*0.5 774*0.4",
           words="footstep; footfall; walk!; step!; stomp!; tread!; stride!; tiptoe!; shuffle!; jog!; jogger; "
                 "runner; run?; high heel; heel; boot; shoe; slipper; clog; pedestrian; marching; march!; soldier "
                 "march; stair?; staircase?; gravel?; hiker; hike!; stroll!; dance!; dancer; tap dance; corridor?; "
                 "hallway?; sneak!; creep!; patrol!; crunch?; sandals; stairs; parade?; ballet?; burglar; intruder; "
                 "gym?; climb?; stamp!; floor?; pavement?; sidewalk?"),
    _class("drums", "{} playing a beat",
           "drums; a drum kit; drumming; a percussion beat",
           "541 822*0.9 642*0.9 641*0.9 542*0.3",
           words="drum; drummer; drum kit; drumming; drumbeat; drumstick; percussion; bongo; conga; timpani; snare; "
                 "cymbal; tambourine; maraca; xylophone; marimba; steel drum; tom-tom; marching band; beat box; "
                 "rhythm?; beat?; band?; techno; disco; nightclub; hip hop; drum solo; castanets; samba; heavy "
                 "metal; punk; dance music; rap music; glockenspiel; cowbell music"),
    _class("guitar", "{} playing",
           "an acoustic guitar; strumming a guitar; plucked strings; a banjo",
           "402 546 420 594",
           words="guitar; guitarist; banjo; ukulele; mandolin; lute; harp; sitar; bass guitar; strum!; pluck!; rock "
                 "band; rock music; rock concert; flamenco; country music; folk song; folk music; bouzouki; zither; "
                 "blues; rock star; serenade; lyre; balalaika; busker?; band?; electric guitar; reggae; mariachi; "
                 "chord?; riff; bass"),
    _class("piano", "{} playing",
           "a piano; piano music; someone plays the grand piano; a keyboard melody",
           "579 881",
           words="piano; pianist; grand piano; keyboardist; harpsichord; sonata; nocturne; chopin; beethoven; piano "
                 "key; ragtime; music box; ballet class; synthesizer; music?; song?; melody?; concert?; tune?; pop "
                 "music; waltz; soundtrack; play music; musician?; instrument?; play keyboard; synth"),
    _class("violin", "{} playing",
           "a violin; a fiddle melody; a cello; a string quartet",
           "889 486",
           words="violin; violinist; fiddle; fiddler; cello; cellist; viola; double bass; contrabass; string "
                 "quartet; orchestra; symphony; strings; chamber music; mozart; philharmonic; conductor; vivaldi; "
                 "concerto; classical music; bach; opera overture; ensemble?; fiddle tune"),
    _class("flute", "{} playing",
           "a flute; flute music; a recorder; a woodwind melody",
           "558 699 683*0.9 684 432*0.9 902*0.8",
           words="flute; flautist; flutist; recorder; piccolo; oboe; clarinet; clarinettist; bassoon; pan flute; pan "
                 "pipe; panpipe; ocarina; woodwind; tin whistle; penny whistle; piper; bagpipe; bagpiper; whistle?; "
                 "referee whistle; snake charmer; whistle tune; whistling; wind instrument; fife; didgeridoo; "
                 "referee?"),
    _class("trumpet", "{} playing",
           "a trumpet; a brass band; a trombone; a horn fanfare",
           "513 566 875 776",
           words="trumpet; trumpeter; trombone; trombonist; tuba; horn?; french horn; cornet; bugle; bugler; "
                 "saxophone; sax; saxophonist; brass band; brass; fanfare; jazz; jazz band; big band; euphonium; "
                 "vuvuzela; hunting horn; alphorn; brass section; swing music; horn player; blow horn; parade band"),
    _class("organ", "{} playing",
           "a pipe organ; organ music in a church; an accordion; a harmonica",
           "687 401*0.9 593*0.9",
           words="organ; organist; accordion; accordionist; harmonica; concertina; pipe organ; church organ; hymn; "
                 "church choir; choir?; wedding march; bellows; barrel organ; hurdy gurdy; church music; melodica; "
                 "carousel?; merry-go-round?; gospel; polka; tango; chant?; mouth organ; church service"),
    _class("person", "{} talking",
           "a person talking; a man speaks; a woman speaks; somebody is talking; two people talking; people talking",
           "981-982*0.7 834*0.3 632*0.5 650*0.6 652*0.4", things="person*0.9",
           words="person?; man?; woman?; men?; women?; guy?; girl?; boy?; lady?; gentleman?; somebody?; someone?; "
                 "he?; she?; people?; mother?; father?; grandmother?; grandfather?; grandma?; grandpa?; mum?; mom?; "
                 "dad?; teacher?; priest?; doctor?; politician; friend?; neighbour?; neighbor?; couple?; wife?; "
                 "husband?; brother?; sister?; uncle?; aunt?; voice; talk!; speak!; say!; tell!; chat!; whisper!; "
                 "speech; lecture!; lecturer; preach!; sermon; conversation; discuss!; debate!; argue!; quarrel?; "
                 "announce!; announcer; announcement; presenter; reporter; newsreader; news; radio; television; tv; "
                 "podcast; storyteller; story; read aloud; poem; laugh!; giggle!; chuckle!; cough!; sneeze!; sing?; "
                 "singer; opera; gossip!; interview; shout?; yell?; scream?; sigh!; hiccup!; yawn!; mutter!; "
                 "mumble!; monologue; commentator; telephone conversation; speaker; pray!; groan?; moan?; sob?; "
                 "weep?; cry?; call?; sleep?; breathe!; burp!; gasp!; sniff!; sniffle!; gargle!; clear throat; "
                 "breath; joke; comedian; actor; actress; waiter; pastor; president; professor; adult?; female?; "
                 "male?; dialogue; audiobook; complain!; explain!; read story; swear!; recite!; family?; guide; "
                 "court; throat"),
    _class("baby", "a baby crying in {}",
           "a baby crying; an infant cries; a crying newborn",
           "431*0.4 516*0.4 520*0.4 529*0.4",
           words="baby; infant; newborn; toddler; bawl!; cry?; nursery; cradle; crib; pram; stroller?; pushchair?; "
                 "lullaby?; colic; diaper?; nappy?; tantrum; rattle toy; babysitter?"),
    _class("children", "children playing at {}",
           "children playing; a playground; kids shout and laugh; a school yard",
           "843*0.7 602*0.3",
           words="children?; child?; kid?; pupil?; playground; schoolyard; school yard; kindergarten; nursery "
                 "school; schoolchildren; school?; birthday party; play tag; hide and seek; recess; break time; "
                 "classroom?; children play; kid play; child play; swimming pool?; water park; swing?; slide?; "
                 "playful?; seesaw; sandpit; bouncy castle; schoolboy; schoolgirl; toy?; daycare; roundabout?"),
    _class("applause", "applause in front of {}",
           "applause; an audience claps; clapping hands; a standing ovation",
           "819*0.7 854*0.4",
           words="applause; applaud!; clap!; clapping hand; audience; ovation; standing ovation; curtain call; "
                 "encore; theatre?; theater?; concert hall?; stage?; spectators?; award ceremony; circus; finale; "
                 "bow?; graduation; performance?; show?"),
    _class("cheering", "a crowd cheering at {}",
           "a crowd cheering; football fans in a stadium; people cheer and whistle; a goal is celebrated",
           "781*0.7 560*0.5",
           words="cheer!; football fan; fan cheer; stadium; football match; soccer match; match; goal?; world cup; "
                 "hooray!; hurrah!; hurray!; victory; celebrate!; supporter; fans; sports event; arena?; spectator; "
                 "crowd cheer; crowd roar; championship; olympics; celebration; finish line?; winner?; new year; "
                 "jubilant; rave?; race?; whoop!; crowd yell; crowd shout; crowd scream; audience scream; fan chant; "
                 "champion; win!; medal; festival; rally; touchdown; marathon; bullfight; wrestling"),
    _class("cutlery", "the clatter of {}",
           "cutlery on a plate; knives and forks; dishes clatter; somebody eats with a spoon",
           "923*0.4 532*0.4 809*0.3 729*0.4 659*0.3 910*0.3",
           things="fork*0.5; knife*0.4; spoon*0.5; bowl*0.3",
           words="cutlery; fork; knife; spoon; plate; dish; tableware; silverware; crockery; eat!; dine!; dinner?; "
                 "breakfast?; lunch?; meal; bowl; chew!; munch!; stir!; clatter!; soup?; cereal; dining table; set "
                 "table; picnic?; porridge; chopsticks; lay table; kitchen?; restaurant kitchen; bite!; lunchtime; "
                 "buffet; slurp!; pots and pans; salad; sandwich?; cake?; noodle?; rice?"),
    _class("frying", "food frying in {}",
           "food frying in a pan; sizzling oil; a steak sizzles; a barbecue",
           "567*0.6 909*0.7 891*0.4 813*0.4 766*0.6",
           words="fry!; fried; frying pan; pan; wok; bacon; steak; sausage; egg?; sizzle!; barbecue; bbq; grill!; "
                 "pancake; hot oil; omelette; burger; roast?; cook?; deep fryer; stir-fry; chip?; chef; hamburger; "
                 "griddle; sear!; skillet; popcorn; oven?; stove?; toast bread; meat?; cook breakfast; cook dinner"),
    _class("tap", "water running in {}",
           "water running from a tap; a shower; a kitchen sink; filling a bathtub; a toilet flushes",
           "896*0.6 435*0.5 876*0.4 861*0.4 804*0.4 793-794*0.4", things="sink*0.5; toilet*0.4",
           words="tap; faucet; sink; shower; bathtub; bath; basin; washbasin; toilet; flush!; wash dishes; wash up; "
                 "washing-up; wash hand; brush teeth; bathroom?; plumbing; pipe?; drip!; leak!; wash!; rinse!; hose; "
                 "garden hose; sprinkler; running tap; fill bath; fill bathtub; water pipe; plumber; restroom?; "
                 "drain; spray!; nozzle; car wash; squirt!; urinate!; clean?; scrub!; soap?; toothbrush; run bath; "
                 "run water; water run; water drip; sponge; mop; lavatory; loo"),
    _class("ball", "{} bouncing",
           "a ball bouncing; a bouncing basketball; a game of tennis; a ball is kicked",
           "430*0.8 890*0.7 805*0.6 852*0.6 722*0.7 752*0.6 768*0.4 574*0.3 522*0.4 736*0.5 429*0.4",
           things="sports ball*0.6",
           words="ball; basketball; tennis; volleyball; football; soccer; ping pong; table tennis; squash; "
                 "badminton; baseball; golf; bowling; billiards; pool table; snooker; bounce!; dribble!; kick!; "
                 "racket; handball; cricket match; game of catch; marble; pinball; trampoline; golfer; footballer; "
                 "hockey; puck; juggling; juggler; bat?; serve?; play catch"),
    _class("room", "the quiet room around {}",
           "quiet room tone; silence indoors; the hush of an empty room; nothing is heard",
           words="silence; silent; quiet?; quietness; stillness; hush; nothing; no sound; no noise; not sound; empty "
                 "room; soundproof; room tone; library?; sleeping; meditate!; meditation; still life; soundless; "
                 "motionless; statue; picture?; book; bookshelf; sofa; couch; armchair; bed; furniture; cushion; "
                 "living room?; bedroom?; attic?; clothes; shirt; pullover; flower; plant; fruit; apple; bread; read "
                 "book; nobody; peace; calm?; asleep; page; newspaper; paper?; magazine; novel; read?; rest?; "
                 "solitude; spa?; yoga; outer space; moon; lamp; gallery; hamster; rabbit; mouse; turtle; tortoise; "
                 "spider; snail; chess; puzzle; exam; draw?; paint?; knit!; garden?; stone?; curtain; pillow; "
                 "blanket; photograph; graveyard; cemetery; sunset; cloud; sky; star; rainbow; darkness; empty?; "
                 "abandoned?"),
)
# fmt: on

#: Kinds that come from all around, or from nowhere: no thing at a place makes them.
ALL_AROUND = ("stream", "surf", "rain", "thunder", "wind", "crowd", "room")
#: Where the template of its class makes no sense with a label or a thing: which ones, and what is said of them.
SAID_OTHERWISE: tuple[tuple[str, str], ...] = (
    ("537", "the dogs of {} barking"),
    ("690", "the ox of {} mooing"),
    ("603", "the horse of {} neighing and trotting"),
    ("354", "{} bellowing like a cow"),
    ("8", "{} clucking"),
    ("80-86", "{} calling like a rooster"),
    ("448", "birds singing at {}"),
    ("99 100 130 134", "{} honking"),
    ("127-129 131-133 135 138", "waterfowl around {}"),
    ("25-29", "frogs croaking around {}"),
    ("313-315 317-318", "crickets chirping around {}"),
    ("410", "the bees of {} buzzing"),
    ("599", "bees buzzing around {}"),
    ("321-326", "insects buzzing around {}"),
    ("67-68", "{} hissing and rattling"),
    ("562", "a stream of water splashing in {}"),
    ("576", "water lapping against {}"),
    ("975", "water lapping at {}"),
    ("839", "water flowing under {}"),
    ("445", "waves near someone in {}"),
    ("756", "rain falling into {}"),
    ("469", "a fire crackling under {}"),
    ("470 626 644 862", "the flame of {} crackling"),
    ("556", "a fire crackling behind {}"),
    ("607", "a candle flame crackling in {}"),
    ("475", "a car engine near {}"),
    ("479", "the engine of a car, heard at {}"),
    ("571 704", "a car engine at {}"),
    ("581", "a car engine behind {}"),
    ("640", "street traffic over {}"),
    ("785", "a car engine, heard from {}"),
    ("919 920", "street traffic at {}"),
    ("518", "a motorcycle revving, ridden with {}"),
    ("660", "a diesel truck moving {}"),
    ("730", "a diesel tractor pulling {}"),
    ("874", "the engine of {}"),
    ("888", "a train on {}"),
    ("405", "the engines of {}"),
    ("908", "a jet engine under {}"),
    ("406", "church bells above {}"),
    ("494 577", "{} ringing"),
    ("613 673 mouse", "the clicks of {}"),
    ("810", "typing on {}"),
    ("550", "the steam of {}"),
    ("827", "a pot boiling on {}"),
    ("463 725 898 899", "pouring water from {}"),
    ("967 969", "pouring {}"),
    ("743", "the door of {} creaking"),
    ("771", "the door of {} creaking"),
    ("413 471 763 764", "the hammering shots of {}"),
    ("594", "the plucked strings of {}"),
    ("634", "sawing timber at {}"),
    ("477 726 784", "a carpenter at work with {}"),
    ("677", "hammering {}"),
    ("632", "a voice from {}"),
    ("650", "someone talking into {}"),
    ("652 834", "someone in {} talking"),
    ("542 641", "{several} playing a beat"),
    ("560", "a crowd cheering for a player in {}"),
    ("532 729", "dishes clattering on {}"),
    ("766", "meat sizzling on {}"),
    ("813", "food frying under {}"),
    ("793", "a shower running over {}"),
    ("794", "a shower running behind {}"),
    ("804", "water running near {}"),
    ("861", "a toilet flushing under {}"),
    ("736", "balls rolling and bouncing on {}"),
    ("752", "a ball bouncing off {}"),
)

#: What COCO's things are called where a user reads or hears it, where that is not their own name.
SPOKEN_THINGS = {
    "sports ball": "ball",
    "tie": "necktie",
    "donut": "doughnut",
    "tv": "television",
    "mouse": "computer mouse",
    "remote": "remote control",
    "keyboard": "computer keyboard",
    "cell phone": "mobile phone",
    "hair drier": "hair dryer",
}

#: Captions also learn with these beginnings.
FRAMES = ("{}", "the sound of {}", "{} in the distance", "I hear {}", "a photo of {}")
SILENT = 0.1  # how likely a thing is heard that no class lists
NAMES = tuple(c.name for c in CLASSES)


@functools.cache
def label_names() -> tuple[str, ...]:
    """The 1000 ImageNet names, in the order of the trunk's outputs: WordNet's first lemmas, or clearer ones.

    ``data/README.md`` lists which are not the first lemma, and why.
    """
    return tuple(LABELS_FILE.read_text(encoding="utf-8").splitlines())


def _entries(text: str) -> list[tuple[int, float]]:
    """Labels and their numbers from the table's notation: "7 80-82*0.8" is 7 with 1, 80, 81 and 82 with 0.8."""
    found = []
    for entry in text.split():
        span, _, score = entry.partition("*")
        first, _, last = span.partition("-")
        found += [(label, float(score or 1.0)) for label in range(int(first), int(last or first) + 1)]
    return found


@functools.cache
def label_table() -> tuple[tuple[int, float], ...]:
    """For each of the 1000 labels, the index of its class in `CLASSES` and how likely it is heard, 0 to 1."""
    table = [(NAMES.index("room"), SILENT)] * len(label_names())
    for index, sound in enumerate(CLASSES):
        for label, score in _entries(sound.labels):
            table[label] = (index, score)
    return tuple(table)


@functools.cache
def thing_table() -> dict[str, tuple[int, float]]:
    """For each of the detector's things that sounds, the index of its class in `CLASSES` and how likely it is heard."""
    table = {}
    for index, sound in enumerate(CLASSES):
        for entry in sound.things.split("; ") if sound.things else ():
            name, _, score = entry.partition("*")
            table[name] = (index, float(score or 1.0))
    return table


@functools.cache
def _templates() -> dict[int | str, str]:
    """The template of every label in `SAID_OTHERWISE`, by its index, and of every thing there, by its name."""
    found: dict[int | str, str] = {}
    for which, template in SAID_OTHERWISE:
        for entry in which.split():
            labels: list[int | str] = [k for k, _ in _entries(entry)] if entry[0].isdigit() else [entry]
            found.update(dict.fromkeys(labels, template))
    return found


def _say(template: str, name: str, number: int = 1) -> str:
    several = plural(name)
    some = with_article(name) if number == 1 else several if number > 2 else f"two {several}"
    return template.format(some, several=several, s="" if number == 1 else "s")


#: So many people are a crowd, which sounds unlike any one of them.
CROWD = 6


def thing_caption(name: str, number: int = 1) -> str:
    """A sentence of what things sound like: "a dog barking", "two dogs barking", "dogs barking".

    Parameters
    ----------
    name : str
        One of `thing_table`.
    number : int
        How many there are, at least 1. More than two are not counted in words: nobody counts them by ear.
    """
    if name == "person" and number >= CROWD:
        return CLASSES[NAMES.index("crowd")].captions[0]
    template = _templates().get(name, CLASSES[thing_table()[name][0]].template)
    return _say(template, spoken_thing(name), number)


def spoken_thing(name: str) -> str:
    """What one of COCO's things is called where a user reads it: "television" for "tv"."""
    return SPOKEN_THINGS.get(name, name)


def kind_caption(kind: int, number: int) -> str:
    """A sentence of what several things of a kind sound like: that of its plainest thing, or the class's second one."""
    for name, (index, chance) in thing_table().items():
        if index == kind and chance == 1:
            return thing_caption(name, number)
    return CLASSES[kind].captions[1]


@functools.cache
def label_captions() -> tuple[str, ...]:
    """For each of the 1000 labels, a sentence of what it sounds like."""
    pairs = zip(label_names(), label_table(), strict=True)
    return tuple(_say(_templates().get(k, CLASSES[c].template), name) for k, (name, (c, _)) in enumerate(pairs))


@functools.cache
def known_sentences() -> tuple[str, ...]:
    """Sentences whose embeddings are shipped: the empty one, those of classes, of labels, and of things."""
    captions = [caption for sound in CLASSES for caption in sound.captions]
    things = [thing_caption(name, number) for name in thing_table() for number in (1, 2, 3)]
    return tuple(dict.fromkeys(["", *captions, *label_captions(), *things]))


def training_sentences(index: int) -> list[str]:
    """All sentences that describe class ``index``: its captions in every frame, those of its labels and things."""
    sound = CLASSES[index]
    framed = [frame.format(caption) for caption in sound.captions for frame in FRAMES]
    labels = [c for c, (k, _) in zip(label_captions(), label_table(), strict=True) if k == index]
    things = [thing_caption(name, n) for name, (k, _) in thing_table().items() if k == index for n in (1, 2, 3)]
    return list(dict.fromkeys([*framed, *labels, *things, sound.name.replace("_", " ")]))
