// The office world in English.
#include "demo/language.h"
#include "demo/language_latin.h"

namespace cria {
namespace {

NameClass first_names() {
    return latin_first_names(
        {"Ana",   "Ben",    "Clara",  "David",  "Elena",  "Felix",  "Grace",  "Henry",  "Irene",  "James",  "Karen",
         "Liam",  "Maria",  "Nathan", "Olivia", "Peter",  "Rachel", "Simon",  "Tanya",  "Victor", "Wendy",  "Yusuf",
         "Zoe",   "Aisha",  "Brian",  "Chloe",  "Daniel", "Emma",   "Frank",  "Gloria", "Hassan", "Isabel", "Jack",
         "Kevin", "Laura",  "Mark",   "Nina",   "Oscar",  "Priya",  "Robert", "Sarah",  "Thomas", "Ursula", "Vera",
         "Amir",  "Bianca", "Carlos", "Diana",  "Erik",   "Fatima", "George", "Hannah", "Ivan",   "Julia",  "Kofi",
         "Lucy",  "Martin", "Naomi",  "Omar",   "Paula",  "Ravi",   "Sofia",  "Tom",    "Helen",  "Marcus", "Alice"},
        {"Ingrid", "Desmond", "Leila", "Tobias", "Monica", "Rupert", "Noor", "Gareth", "Celeste", "Emeka", "Freya",
         "Dmitri", "Joanna", "Kwame", "Philippa", "Stefan", "Yolanda", "Vincent"});
}

NameClass last_names() {
    return latin_last_names(
        {"Smith",  "Jones",  "Brown",   "Taylor", "Wilson",  "Evans",  "Walker", "Wright", "Green",  "Baker",
         "Carter", "Cooper", "Parker",  "Morgan", "Bennett", "Foster", "Hughes", "Murphy", "Okoro",  "Petrova",
         "Rossi",  "Garcia", "Khan",    "Patel",  "Nguyen",  "Kim",    "Chen",   "Singh",  "Haddad", "Novak",
         "Larsen", "Weber",  "Costa",   "Moreau", "Ito",     "Mensah", "Reid",   "Stone",  "Fisher", "Palmer",
         "Turner", "Harris", "Collins", "Shaw",   "Graham",  "Ellis",  "Abebe",  "Silva",  "Ivanov", "Kowalski"},
        {"Thornton", "Adeyemi", "Lindqvist", "Whitaker", "Nakamura", "Delgado", "Hargreaves", "Osei", "Pemberton",
         "Vasquez", "Sinclair", "Bianchi", "Mbeki", "Radcliffe", "Ferreira", "Hoffman"});
}

// Everyday nouns that make a document or a topic one of many: the model must copy them, for it meets each
// too rarely to learn it by heart.
WordClass nouns() {
    return {"noun",
            {"account",  "airport",  "apple",    "army",      "art",      "autumn",  "bakery",    "ball",    "bank",
             "basket",   "bath",     "beach",    "bed",       "bicycle",  "bird",    "boat",      "bone",    "border",
             "bottle",   "bread",    "brick",    "bridge",    "brush",    "bus",     "butter",    "button",  "cable",
             "cake",     "camp",     "candle",   "canvas",    "car",      "carpet",  "castle",    "cattle",  "cellar",
             "cement",   "chain",    "channel",  "charity",   "cheese",   "chicken", "church",    "cinema",  "circle",
             "city",     "clay",     "climate",  "clinic",    "cloth",    "cloud",   "club",      "coach",   "coal",
             "coast",    "code",     "coin",     "college",   "colour",   "concert", "corner",    "cotton",  "court",
             "cream",    "credit",   "crew",     "crystal",   "culture",  "curtain", "cycle",     "dairy",   "dance",
             "data",     "debt",     "desert",   "diet",      "dinner",   "disk",    "doctor",    "dog",     "dust",
             "earth",    "east",     "egg",      "engine",    "export",   "fabric",  "factory",   "family",  "farm",
             "fashion",  "father",   "feather",  "fence",     "field",    "film",    "fire",      "fish",    "flag",
             "flight",   "flower",   "folder",   "food",      "football", "forest",  "fruit",     "fuel",    "fund",
             "future",   "game",     "gas",      "gate",      "ghost",    "glass",   "glove",     "goat",    "gold",
             "grain",    "grass",    "gravel",   "guest",     "guitar",   "hair",    "hall",      "hammer",  "hand",
             "harbour",  "hat",      "health",   "heart",     "hedge",    "helmet",  "hill",      "history", "home",
             "honey",    "horse",    "hospital", "host",      "house",    "ice",     "import",    "income",  "index",
             "industry", "ink",      "iron",     "island",    "ivory",    "jacket",  "jewel",     "journey", "juice",
             "jungle",   "junior",   "kidney",   "king",      "kiosk",    "knife",   "ladder",    "lake",    "lamp",
             "land",     "language", "leather",  "lemon",     "lesson",   "library", "licence",   "light",   "lion",
             "liquid",   "loan",     "log",      "lunch",     "lung",     "machine", "magnet",    "mail",    "map",
             "marble",   "mask",     "meadow",   "meat",      "media",    "medal",   "melon",     "metal",   "milk",
             "mill",     "mine",     "mirror",   "model",     "money",    "moon",    "mother",    "motor",   "mountain",
             "mouse",    "mud",      "music",    "nail",      "needle",   "night",   "noise",     "north",   "novel",
             "nurse",    "nut",      "oak",      "ocean",     "oil",      "olive",   "onion",     "orange",  "organ",
             "oven",     "owner",    "oxygen",   "package",   "paint",    "palace",  "panel",     "parcel",  "park",
             "party",    "path",     "peace",    "peach",     "pearl",    "pencil",  "people",    "pepper",  "perfume",
             "pet",      "piano",    "picnic",   "picture",   "pig",      "pillow",  "pilot",     "pipe",    "planet",
             "plastic",  "plate",    "platform", "poem",      "poison",   "pond",    "pool",      "port",    "portrait",
             "potato",   "powder",   "power",    "press",     "prize",    "pump",    "purse",     "rabbit",  "race",
             "radio",    "rail",     "rain",     "record",    "region",   "rent",    "rescue",    "resort",  "rice",
             "ring",     "river",    "road",     "robot",     "rocket",   "roof",    "root",      "rope",    "rose",
             "route",    "rubber",   "rural",    "safe",      "sail",     "salad",   "salt",      "sand",    "sauce",
             "saw",      "scale",    "school",   "science",   "sea",      "season",  "seed",      "senior",  "shadow",
             "sheep",    "shelter",  "shift",    "ship",      "shirt",    "shoe",    "shop",      "shore",   "signal",
             "silk",     "silver",   "sister",   "ski",       "skill",    "skin",    "sky",       "sleep",   "snow",
             "soap",     "soccer",   "soil",     "solar",     "song",     "sound",   "soup",      "south",   "space",
             "spice",    "spider",   "sport",    "square",    "staff",    "stage",   "stair",     "star",    "state",
             "station",  "steam",    "steel",    "stone",     "storm",    "story",   "street",    "student", "studio",
             "suburb",   "subway",   "sugar",    "suit",      "sun",      "swim",    "table",     "tank",    "tape",
             "tea",      "teacher",  "tennis",   "tent",      "theatre",  "thread",  "tiger",     "timber",  "tissue",
             "tobacco",  "tomato",   "tool",     "tooth",     "tower",    "town",    "toy",       "track",   "tractor",
             "trade",    "traffic",  "train",    "transport", "tree",     "truck",   "trumpet",   "tube",    "tunnel",
             "turkey",   "tyre",     "uniform",  "union",     "urban",    "valley",  "vegetable", "village", "vinegar",
             "violin",   "voice",    "volcano",  "wagon",     "wall",     "war",     "water",     "wave",    "wax",
             "web",      "wedding",  "weekend",  "wheat",     "wheel",    "window",  "wine",      "wing",    "wire",
             "witness",  "wolf",     "wood",     "wool",      "worker",   "yard",    "year",      "youth",   "zoo"},
            {"almond",    "anchor",   "badge",   "balcony",  "bamboo",  "banner",  "barrel",  "blanket",   "blossom",
             "breakfast", "bronze",   "bucket",  "cabin",    "cabinet", "cactus",  "canal",   "carrot",    "cavern",
             "cereal",    "chapel",   "chimney", "cliff",    "clover",  "compost", "cushion", "dolphin",   "drum",
             "elbow",     "envelope", "ferry",   "fountain", "garlic",  "ginger",  "glacier", "goose",     "hostel",
             "kettle",    "lagoon",   "lawn",    "lizard",   "lobster", "mammal",  "mango",   "mustard",   "napkin",
             "nursery",   "orchid",   "oyster",  "parade",   "parrot",  "pebble",  "pigeon",  "plaza",     "pottery",
             "prairie",   "puppet",   "quarry",  "raft",     "ribbon",  "saddle",  "sandal",  "sculpture", "shrimp",
             "spinach",   "squirrel", "statue",  "temple",   "terrace", "tulip",   "tunic",   "velvet",    "walrus",
             "whistle",   "yacht",    "zebra"}};
}

std::vector<WordClass> document_words() {
    return {
        nouns(),
        {"project", {"{invention}"}},
        // Training has topics of one to three words: a model must see in the chat where one ends.
        {"topic",
         {"{topic_of} {topic_head}", "{topic_of} {topic_head}", "{topic_head} {topic_of}", "{topic_head}",
          "{noun} {topic_of} {topic_head}"},
         {"{topic_of} {topic_head}"}},
        {"topic_of",
         {"{noun}",   "{noun}",   "{noun}", "{noun}",  "{noun}",  "{noun}",   "{noun}",  "{noun}",   "{noun}",
          "{noun}",   "{noun}",   "{noun}", "{noun}",  "{noun}",  "{noun}",   "{noun}",  "{noun}",   "pricing",
          "launch",   "training", "budget", "hiring",  "travel",  "office",   "summer",  "winter",   "customer",
          "supplier", "security", "design", "website", "storage", "delivery", "payment", "research", "support",
          "product",  "spring",   "member", "test",    "network", "contract", "quality", "safety"},
         {"{noun}", "{noun}", "{noun}", "{noun}", "catering", "warehouse", "newsletter", "festival", "insurance",
          "mobile", "donation", "recycling", "tourism"}},
        {"topic_head",
         {"conference",    "renovation", "merger",     "anniversary", "competition", "migration",  "inspection",
          "strategy",      "expansion",  "initiative", "transition",  "reception",   "evaluation", "orientation",
          "certification", "relocation", "upgrade",    "meetup",      "lottery",     "marathon",   "auction",
          "dinner",        "concert",    "contest",    "reform",      "study",       "launch",     "sale",
          "page",          "plan",       "course",     "campaign",    "review",      "survey",     "update",
          "event",         "policy",     "project",    "workshop",    "report",      "programme",  "trial",
          "move"},
         {"roadmap", "forecast", "exhibition", "partnership", "audit", "rollout"}},
        {"doc_of",
         {"{noun}",   "{noun}",   "{noun}",  "{noun}",  "{noun}",   "{noun}",   "{noun}",  "{noun}",  "{noun}",
          "{noun}",   "{noun}",   "{noun}",  "{noun}",  "{noun}",   "{noun}",   "{noun}",  "{noun}",  "{noun}",
          "{noun}",   "{noun}",   "{noun}",  "{noun}",  "{noun}",   "{noun}",   "{noun}",  "{noun}",  "{noun}",
          "{noun}",   "{noun}",   "{noun}",  "price",   "customer", "supplier", "budget",  "holiday", "stock",
          "delivery", "project",  "sales",   "cost",    "training", "travel",   "salary",  "printer", "server",
          "design",   "contract", "meeting", "product", "order",    "tax",      "quality", "safety",  "hotel",
          "office",   "market",   "team",    "network", "password", "visitor",  "room",    "energy",  "test",
          "release",  "payment",  "member"},
         {"{noun}", "{noun}", "{noun}", "{noun}", "{noun}", "{noun}", "invoice", "warehouse", "voucher", "passenger",
          "laboratory", "furniture", "donor", "harvest", "museum", "vehicle", "catering", "textbook"}},
        {"doc_head",
         {"memo",        "certificate", "diagram",  "questionnaire", "portfolio",   "directory",    "digest",
          "bulletin",    "proposal",    "estimate", "statement",     "receipt",     "register",     "chart",
          "spreadsheet", "template",    "leaflet",  "booklet",       "script",      "blueprint",    "sketch",
          "inventory",   "itinerary",   "permit",   "warranty",      "application", "announcement", "timetable",
          "sticker",     "roster",      "tariff",   "essay",         "recipe",      "logo",         "sign",
          "inquiry",     "list",        "table",    "plan",          "report",      "summary",      "schedule",
          "manual",      "form",        "letter",   "draft",         "overview",    "notes",        "slides",
          "figures",     "file",        "guide",    "calendar",      "poster",      "page",         "agreement"},
         {"ledger", "brochure", "checklist", "archive", "glossary", "catalogue", "transcript", "dossier"}},
    };
}

std::vector<WordClass> thing_words() {
    return {
        {"adjective", {"new", "old", "final", "short", "first", "latest", "missing", "revised", "full", "second"}},
        {"doc_verb",
         {"check", "update", "review", "print", "translate", "finish", "correct", "share", "prepare", "rewrite", "copy",
          "sign", "send", "write", "publish", "scan"}},
        {"team",
         {"accounting",       "logistics",       "engineering",   "maintenance",     "the volunteers",
          "the shareholders", "the translators", "the managers",  "the students",    "the reviewers",
          "the interns",      "the drivers",     "the analysts",  "the designers",   "the researchers",
          "the committee",    "finance",         "sales",         "legal",           "marketing",
          "the board",        "the customer",    "the printers",  "the design team", "the support team",
          "the front desk",   "the bank",        "the architect", "the trainer"},
         {"the auditors", "the ministry", "the publisher", "the caretaker", "procurement", "the embassy"}},
        {"thing_of",
         {"{noun}", "{noun}",       "{noun}", "{noun}", "{noun}", "{noun}", "{noun}",  "{noun}",
          "coffee", "meeting room", "office", "test",   "front",  "back",   "kitchen", "spare",
          "label",  "network",      "video",  "winter", "garden", "metal",  "paper",   "ticket"},
         {"{noun}", "{noun}", "{noun}", "{noun}", "basement", "elevator", "ceramic", "canteen", "workshop", "balcony"}},
        {"thing_head",
         {"microphone", "ladder",   "cupboard", "dishwasher", "keyboard", "battery", "monitor",    "router",
          "sofa",       "trolley",  "notebook", "tablet",     "fridge",   "freezer", "whiteboard", "charger",
          "adapter",    "antenna",  "sensor",   "sprinkler",  "toaster",  "drill",   "speaker",    "ventilator",
          "doorbell",   "mattress", "stapler",  "carpets",    "mirrors",  "benches", "printer",    "machine",
          "screen",     "server",   "door",     "phone",      "chairs",   "keys",    "samples",    "lamps",
          "heater",     "camera",   "boxes",    "desks",      "shelf",    "cables"},
         {"projector", "thermostat", "generator", "scanner", "lockers", "blinds"}},
        {"thing_verb", {"order", "test", "repair", "install", "clean", "replace", "collect", "return", "move", "pack"}},
        {"contact",
         {"the accountant", "the translator",  "the inspector",    "the consultant",    "the dentist",
          "the carpenter",  "the musician",    "the journalist",   "the mayor",         "the pharmacist",
          "the librarian",  "the optician",    "the painter",      "the supplier",      "the webmaster",
          "the roofer",     "the butcher",     "the tailor",       "the pilot",         "the surveyor",
          "the dispatcher", "the magician",    "the landlord",     "the hotel",         "the electrician",
          "the caterer",    "the insurance",   "the photographer", "the travel agency", "the cleaning company",
          "the lawyer",     "the city office", "the help desk",    "the union",         "the internet provider",
          "the school",     "the courier",     "the data centre",  "the plumber"},
         {"the florist", "the locksmith", "the tax adviser", "the orchestra", "the fire brigade", "the notary",
          "the gardener"}},
        {"contact_verb", {"call", "ask", "visit", "write to", "pay", "thank", "remind", "invite"}},
    };
}

std::vector<WordClass> sentence_words() {
    return {
        {"task",
         {"{doc_verb} the {doc_of} {doc_head}", "{doc_verb} the {adjective} {doc_of} {doc_head}",
          "send the {doc_of} {doc_head} to {team}", "send the {doc_of} {doc_head} to {invention}",
          "{doc_verb} the {doc_of} {doc_head} for {invention}", "{doc_verb} the {invention} {doc_head}",
          "{thing_verb} the {thing_of} {thing_head}", "{thing_verb} the {thing_head} for {team}",
          "{contact_verb} {contact}", "{contact_verb} {contact} about the {doc_of} {doc_head}",
          "book a room at {invention}", "call {invention} about the {thing_head}"}},
        {"trouble",
         {"is late", "is broken", "is too expensive", "is missing", "is not ready", "is wrong", "needs more time",
          "costs too much", "does not work", "is out of date"}},
        {"problem",
         {"the {thing_of} {thing_head} from {invention} {trouble}", "the {doc_of} {doc_head} {trouble}",
          "the {adjective} {doc_of} {doc_head} {trouble}", "the {invention} {doc_head} {trouble}",
          "{contact} does not answer", "{invention} does not answer"}},
        {"decision_verb", {"keep", "drop", "replace", "postpone", "use", "change", "simplify", "test"}},
        {"decision",
         {"{decision_verb} the {adjective} {doc_of} {doc_head}", "{decision_verb} the {doc_of} {doc_head}",
          "{decision_verb} the {thing_of} {thing_head}", "order the {thing_head} from {invention}",
          "work with {invention}", "start without {team}", "{decision_verb} the {invention} {doc_head}"}},
    };
}

void add_chat(LanguagePack& pack) {
    pack.subject = "{project} {topic}";
    pack.by_day = "by {day}";
    pack.by_date = "by {day}";
    pack.on_day = "on {day}";
    pack.on_date = "on {day}";
    pack.opener = {"Hi all, this is about the {subject}.",          "Let us talk about the {subject}.",
                   "Good morning, today we look at the {subject}.", "Quick round on the {subject}, please.",
                   "Team, where are we with the {subject}?",        "I would like to settle the {subject} today.",
                   "We have to talk about the {subject}."};
    pack.problem_said = {"Bad news: {problem}.",     "We have a problem: {problem}.",
                         "One problem: {problem}.",  "I am afraid that {problem}.",
                         "Unfortunately {problem}.", "The problem is that {problem}."};
    pack.decision_said = {
        "Then we decide to {decision}.", "So the decision is to {decision}.",   "Agreed, we {decision}.",
        "Decision: {decision}.",         "Let us {decision}, that is decided.", "OK, we will {decision}, decided."};
    pack.take = {"I will {task} {by}",   "I can {task} {by}",        "OK, I will {task} {by}",   "Let me {task} {by}",
                 "My part: {task} {by}", "I promise to {task} {by}", "I am going to {task} {by}"};
    pack.give = {"Please {task} {by}, {first}.", "Can you {task} {by}, {first}?", "Could you {task} {by}, {first}?",
                 "You need to {task} {by}, {first}.", "Would you {task} {by}, {first}?"};
    pack.accept = {"Yes, I will do that.",    "Sure, no problem.",           "OK, will do.",
                   "Fine, it is on my list.", "Yes, you will have it then.", "All right, I take that."};
    pack.meet = {"Let us meet {on} at {time}, {who}", "Follow-up meeting {on} at {time}, {who}",
                 "Next meeting {on} at {time}, {who}", "We meet again {on} at {time}, {who}",
                 "Can we meet {on} at {time}, {who}?"};
    pack.everybody = "all of us";
    pack.only_some = "only {names} and me";
    pack.meet_agreed = {"That works for me.", "Good, I will be there.", "Fine with me.", "Yes, that time is good.",
                        "Works for me, thanks."};
    pack.meet_object = {"I cannot at {time}, can we say {new_time}?", "{time} is bad for me, is {new_time} possible?",
                        "At {time} I have a call. How about {new_time}?"};
    pack.meet_moved = {"OK, then {on} at {new_time}, {who}", "No problem, {on} at {new_time} instead, {who}",
                       "Fine, let us make it {on} at {new_time}, {who}"};
    pack.small_talk = {"Good morning!",
                       "Hello everyone.",
                       "Thanks!",
                       "Great work, thank you.",
                       "Sounds good.",
                       "I agree.",
                       "Good point.",
                       "The coffee is ready, by the way.",
                       "It is raining again.",
                       "Sorry, I was in another call.",
                       "I am back at my desk.",
                       "My train was late today.",
                       "Lunch at {time}?",
                       "I am away from {time}, just so you know.",
                       "Thanks for the quick answer.",
                       "Makes sense to me.",
                       "No questions from my side.",
                       "Perfect, thank you.",
                       "Has anyone seen my blue pen?",
                       "There is cake in the kitchen.",
                       "Let us be quick today.",
                       "I have to leave at {time}.",
                       "OK.",
                       "Yes.",
                       "True.",
                       "Happy to help.",
                       "Nice to hear that.",
                       "We are on a good way.",
                       "I was out yesterday.",
                       "Please keep it short."};
}

void add_requests(LanguagePack& pack) {
    pack.system = "Today is {today}. Next days: {days}.";
    pack.members = "Members:";
    pack.intro_ten = {"Here are the last ten messages of our chat:", "The last ten messages:"};
    pack.intro = {"This is our office chat:", "Please read this chat:", "Our chat from today:", "Chat:"};
    pack.ask_summary = {"Summarise the chat.",
                        "Please summarise this conversation.",
                        "Can you sum this up?",
                        "What is this chat about? Give me a summary.",
                        "Write a short summary.",
                        "Summary, please.",
                        "I missed this chat. What happened?",
                        "Give me the key facts of the chat.",
                        "Summarize these messages.",
                        "What did they talk about?",
                        "Sum up the last ten messages.",
                        "Could you give me a summary of the discussion?"};
    pack.ask_items = {"List the action items.",
                      "What are the action items?",
                      "Who has to do what, and by when?",
                      "List all tasks with owner and date.",
                      "Give me the to-do list.",
                      "Which tasks were agreed? Name the owners and dates.",
                      "Action items, please.",
                      "Extract the action items with owner and due date.",
                      "What needs to be done, by whom?",
                      "Make a list of the open tasks.",
                      "Please list the action items with owner and date.",
                      "Show me the tasks from this chat."};
    pack.ask_invite = {"Invite people to the follow-up meeting.",
                       "Create the calendar event for the meeting.",
                       "Please send the invitations for the follow-up.",
                       "Put the meeting in the calendar.",
                       "Set up the follow-up meeting.",
                       "Schedule the meeting that was agreed.",
                       "Invite them to the meeting.",
                       "Book the follow-up meeting for us.",
                       "Can you create the event and invite people?",
                       "Send a calendar invitation for the meeting.",
                       "Please schedule the follow-up.",
                       "Add the next meeting to the calendar and invite people."};
    pack.ask_who = {"Who will {task}?", "Who has to {task}?", "Who is going to {task}?", "Whose job is it to {task}?",
                    "Tell me who should {task}."};
    pack.ask_due = {"When is the date to {task}?", "By when do they have to {task}?", "What is the deadline to {task}?",
                    "Until when is there time to {task}?", "Which date was set to {task}?"};
    pack.ask_owner = {"What does {name} have to do?", "What is the task of {name}?", "Which task has {name}?",
                      "What did {name} take on?", "What is on the list of {name}?"};
    pack.ask_item = {"What is action item {number}?", "What is task number {number}?", "Tell me action item {number}.",
                     "Give me task {number} of the list."};
    pack.ask_wrote = {"Who wrote \"{text}\"?", "Who said \"{text}\"?", "Whose message is this: \"{text}\"?"};
    pack.ask_meeting = {
        "When is the meeting?",          "When do they meet?",        "At what time is the follow-up meeting?",
        "Date and time of the meeting?", "When is the next meeting?", "When will they meet again?"};
    pack.ask_people = {"Who took part in the chat?", "List the people in the chat.", "Who wrote messages?",
                       "Who is in this chat?", "Name all participants."};
    pack.ask_attendees = {"Who is invited to the meeting?", "Who will be at the meeting?", "Who meets?",
                          "Name those who come to the follow-up meeting.", "Who should come to the next meeting?"};
    pack.ask_problem = {"What is the problem?", "Which problem was mentioned?", "What went wrong?",
                        "Is there a problem?", "What are they worried about?"};
    pack.ask_decision = {"What was decided?", "What is the decision?", "Did they decide anything?",
                         "Which decision did they make?", "What did the team agree to do?"};
}

void add_rewrites(LanguagePack& pack) {
    pack.ask_shorter = {"Make this shorter: \"{text}\"",
                        "Shorten this message: \"{text}\"",
                        "Please write this in fewer words: \"{text}\"",
                        "Can you cut this down? \"{text}\"",
                        "A shorter version, please: \"{text}\"",
                        "Say this briefly: \"{text}\""};
    pack.ask_formal = {"Make this more formal: \"{text}\"",
                       "Rewrite this in a formal style: \"{text}\"",
                       "Please make this message polite and formal: \"{text}\"",
                       "A formal version, please: \"{text}\"",
                       "Turn this into a formal message: \"{text}\"",
                       "This is too casual, fix it: \"{text}\""};
    pack.ask_date = {"Which date is {day}?", "What is the date of {day}?", "What date is {day}?"};
    pack.ask_other = {"Hello",
                      "Hi!",
                      "Hi there",
                      "Hello, who are you?",
                      "Who are you?",
                      "What are you?",
                      "What can you do?",
                      "How can you help me?",
                      "Good morning",
                      "Help",
                      "Tell me a joke.",
                      "What is the capital of France?",
                      "What is the weather like?",
                      "How are you?",
                      "Write a poem.",
                      "Tell me a story.",
                      "What is two plus two?",
                      "Who is the president?",
                      "Translate this.",
                      "Sing a song.",
                      "What time is it?",
                      "Can you write code?",
                      "Thanks!",
                      "Thank you",
                      "Explain the theory of relativity.",
                      "Give me a recipe.",
                      "Are you human?",
                      "What is your name?",
                      "test",
                      "Do you speak English?"};
    pack.wordy = {
        "Hello everyone, I just wanted to let you all know that I will {task} {by}, and thanks a lot for waiting.",
        "I have thought about it for a while, and as far as I can see I will {task} {by}, if that is fine for you all.",
        "Sorry for the long silence, it was a busy week, but the good news is that I will {task} {by}.",
        "Just a quick note from my side, so that nobody has to ask again: I will {task} {by}, as we said.",
        "As I already said in the call, and I am happy to say it once more, I will {task} {by}."};
    pack.plain = "I will {task} {by}.";
    pack.casual = {"hey {first}, gonna {task} {by}, ok?", "hi {first}! I'll {task} {by}, cheers",
                   "yo {first}, no worries, I'll {task} {by}", "{first}, don't worry, I'll {task} {by} :)",
                   "hey {first}, just so you know, I'll {task} {by}, bye!"};
    pack.formal = "Dear {first},\nI would like to inform you that I will {task} {by}.\nKind regards";
}

void add_answers(LanguagePack& pack) {
    pack.title = "Follow-up: {subject}, {day}";
    pack.says_topic = "The team talked about the {subject}.";
    pack.says_problem = "Problem: {problem}.";
    pack.says_decision = "Decision: {decision}.";
    pack.says_meeting = "Next meeting: {date} at {time}.";
    pack.says_no_meeting = "No meeting was planned.";
    pack.item_line = "{task} {by}: {name} ({date})";
    pack.says_unknown = "The chat does not say.";
    pack.says_no_item = "There is no action item {number}.";
    pack.says_created = "The invitation is ready: {title}, {date} at {time}.\nInvited:\n{names}\nFile: {file}";
    pack.says_failed = "The event was not created: {error}";
    pack.says_other =
        "I am a tiny demonstration model. "
        "Paste an office chat, and I can summarise it, list the action items, plan the meeting, or rewrite a message.";
}

LanguagePack make() {
    LanguagePack pack;
    pack.code = "en";
    pack.english_name = "English";
    pack.tool_tasks = 3;
    pack.weekdays = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
    pack.first_names = first_names();
    pack.last_names = last_names();
    pack.inventions = latin_inventions();
    for (const auto& classes : {document_words(), thing_words(), sentence_words()}) {
        pack.words.insert(pack.words.end(), classes.begin(), classes.end());
    }
    add_chat(pack);
    add_requests(pack);
    add_rewrites(pack);
    add_answers(pack);
    return pack;
}

}  // namespace

const LanguagePack& english_pack() {
    static const LanguagePack pack = make();
    return pack;
}

}  // namespace cria
