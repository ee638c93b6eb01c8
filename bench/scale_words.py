"""What people, events and places are called at scale: a few common words, many rare ones, some that are unique."""

import itertools

from registrations.demo import texts

NAMES = texts.read("people")["names"]
GIVEN: list[str] = NAMES["given"]
ENDINGS = ("", "son", "sen", "man", "er", "field", "ton", "ley", "wood", "ham", "stein", "berg", "ova", "ski", "ini")
FAMILY = [f"{name}{ending}" for ending, name in itertools.product(ENDINGS, NAMES["family"])]

KINDS = (
    *("Workshop", "Concert", "Lecture", "Meetup", "Course", "Tour", "Reading", "Screening", "Tasting", "Conference"),
    *("Festival", "Exhibition", "Hike", "Tournament", "Fair", "Seminar", "Rehearsal", "Hackathon", "Retreat", "Gala"),
)
TOPICS = (
    *(
        "Photography",
        "Gardening",
        "Jazz",
        "Astronomy",
        "Bread",
        "Pottery",
        "Chess",
        "Sailing",
        "Typography",
        "Beekeeping",
    ),
    *("Robotics", "Poetry", "Cheese", "Climbing", "Origami", "Statistics", "Opera", "Woodwork", "Cycling", "Folklore"),
    *("Cartography", "Fermentation", "Improvisation", "Calligraphy", "Mycology", "Puppetry", "Horology", "Falconry"),
)
MANNERS = (
    *("for Beginners", "by Candlelight", "in the Park", "after Work", "for Families", "in Practice", "at Dawn"),
    *("from Scratch", "for Experts", "without Fear", "in Winter", "on the River", "under the Stars", "in an Hour"),
)
SENTENCES = (
    *("Doors open half an hour before.", "Bring a coat and something to write.", "Tea and cake are included."),
    *("The hall has step-free access.", "Children are welcome with their parents.", "We meet whatever the weather."),
    *("Materials are provided.", "An evening for the curious.", "Seats are not numbered.", "Please be on time."),
)
VENUES = (
    *("Town Hall", "Lantern House", "Old Brewery", "Observatory", "Library", "Harbour Stage", "Museum", "Gymnasium"),
    *("Orangery", "Chapel", "Assembly Rooms", "Planetarium", "Boathouse", "Conservatory", "Market Hall", "Cloister"),
)
CITIES = [
    f"{start}{end}"
    for start, end in itertools.product(
        (
            "Lark",
            "Ash",
            "Wether",
            "Black",
            "Fair",
            "Oak",
            "Raven",
            "Thorn",
            "Holm",
            "Stan",
            "Wil",
            "Bram",
            "Nor",
            "Ply",
        ),
        ("mouth", "ford", "bridge", "haven", "bury", "minster", "dale", "stead", "combe", "worth", "pool", "gate"),
    )
]

# What is searched for. The rare word of a list is in a handful of its rows at any size.
RARE_NAME, RARE_TITLE, RARE_PLACE = "Zebedee Quillfeather", "Xylothek", "Quagmire Yard"
COMMON_NAME, COMMON_TITLE, COMMON_PLACE = GIVEN[0], KINDS[0], CITIES[0]
UNKNOWN = "qwxzv"

ARRAYS = {
    "given": GIVEN,
    "family": FAMILY,
    "kinds": list(KINDS),
    "topics": list(TOPICS),
    "manners": list(MANNERS),
    "sentences": list(SENTENCES),
    "venues": list(VENUES),
    "cities": CITIES,
}
