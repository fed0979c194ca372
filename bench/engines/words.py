"""What the models read: one message, the labels of three roles, and a long text. Written for this.

The label counts are those of the old service (14, 11 and 12), the lengths as ragged as its were.
"""

TEMPLATE = "The person who wrote this {}."

MESSAGE = "i keep saying i'm fine but i haven't really slept in days and nothing helps"

LABELS = {
    "depression": [
        "wants to die",
        "has a plan to end their life and the means to do it",
        "is saying goodbye for good",
        "hurts themselves on purpose",
        "feels like a burden to everyone around them",
        "sees no way out of what is happening",
        "is worn out and has been low for weeks",
        "has lost interest in things they used to love",
        "feels alone",
        "is having a hard day but is coping",
        "is joking or exaggerating",
        "is talking about a game, a film or a song",
        "got through a bad time and is safe now",
        "is doing well",
    ],
    "sentiment": [
        "is in despair",
        "is deeply sad",
        "is furious with somebody",
        "is afraid of what comes next",
        "is disappointed",
        "is mildly annoyed",
        "states a fact without any feeling in it",
        "is curious and asks a question",
        "is relieved that something is over at last",
        "is grateful",
        "is happy and looks forward to something",
    ],
    "emotional_distress": [
        "is overwhelmed and cannot cope any longer",
        "is having a panic attack right now",
        "feels empty and numb",
        "cannot stop crying",
        "feels ashamed and worthless",
        "is grieving for someone they have lost",
        "is under pressure at work or at school",
        "feels rejected by their family or their friends",
        "is tense",
        "needs somebody to talk to",
        "is calm",
        "is excited about a plan for the weekend",
    ],
}

LONG = (
    "i don't know where to put this so i'm writing it here. my sister moved out in march and since then "
    "the house has been so quiet that i leave the radio on at night. i started the new job two weeks "
    "later and everybody there is kind, they really are, but i come home and sit in the car for half an "
    "hour because walking in feels like too much. last week i forgot my best friend's birthday. she "
    "laughed about it and i laughed too and then i cried in the bathroom at lunch. i used to paint every "
    "sunday. the brushes are still in the glass where i left them and the water has dried up. mum rings "
    "and asks if i eat properly and i say yes, and mostly it is true. it isn't that anything terrible "
    "happened, it's more that every day weighs a little more than the one before and i can't find where "
    "to set it down. yesterday i walked to the river and watched the boats for a while, which helped, "
    "and then it got cold and i went back and slept for eleven hours. i'm not asking anyone to fix it. i "
    "think i only wanted somebody to know that the person who answers every message with a little heart "
    "is tired, and has been for some time, and would like to hear how you got through it if you did."
)
