#include "demo/language_latin.h"

#include <utility>

namespace cria {

NameClass latin_first_names(Frames train, Frames held_out) {
    return {
        .train = std::move(train),
        .held_out = std::move(held_out),
        .starts = {"Ab",  "Ad",  "Ag",  "Ak",  "Al",  "Ami", "An",  "Ar",  "As",  "At",  "Av",  "Ay",  "Ba",  "Be",
                   "Bi",  "Bla", "Bo",  "Bra", "Bre", "Bri", "Bu",  "Ca",  "Ce",  "Cha", "Che", "Chi", "Cla", "Clo",
                   "Co",  "Cra", "Cri", "Cu",  "Da",  "De",  "Di",  "Do",  "Dra", "Dre", "Du",  "Ed",  "El",  "Eli",
                   "Em",  "En",  "Er",  "Es",  "Eu",  "Ev",  "Fa",  "Fe",  "Fi",  "Fla", "Flo", "Fo",  "Fra", "Fre",
                   "Fri", "Fu",  "Ga",  "Ge",  "Gi",  "Gla", "Go",  "Gra", "Gri", "Gu",  "Gwe", "Ha",  "He",  "Hi",
                   "Ho",  "Hu",  "Ig",  "Il",  "Im",  "In",  "Io",  "Ir",  "Is",  "Iv",  "Ja",  "Je",  "Ji",  "Jo",
                   "Ju",  "Ka",  "Ke",  "Ki",  "Kla", "Ko",  "Kra", "Kri", "Ku",  "Kwa", "Kwi", "La",  "Le",  "Li",
                   "Lo",  "Lu",  "Ly",  "Ma",  "Me",  "Mi",  "Mo",  "Mu",  "Na",  "Ne",  "Ni",  "No",  "Nu",  "Ny",
                   "Od",  "Ol",  "Om",  "Or",  "Os",  "Ot",  "Pa",  "Pe",  "Pha", "Phi", "Pi",  "Po",  "Pra", "Pri",
                   "Pu",  "Qua", "Que", "Ra",  "Re",  "Ri",  "Ro",  "Ru",  "Ry",  "Sa",  "Sca", "Se",  "Sha", "She",
                   "Sho", "Si",  "Sla", "Smi", "So",  "Spe", "Sta", "Ste", "Sto", "Su",  "Swe", "Ta",  "Te",  "Tha",
                   "The", "Tho", "Ti",  "To",  "Tra", "Tri", "Tru", "Tu",  "Ty",  "Ud",  "Ul",  "Um",  "Un",  "Ur",
                   "Us",  "Va",  "Ve",  "Vi",  "Vla", "Vo",  "Wa",  "Wha", "Wi",  "Wo",  "Xa",  "Xe",  "Xi",  "Ya",
                   "Ye",  "Yo",  "Yu",  "Za",  "Ze",  "Zi",  "Zo",  "Zu"},
        .middles = {"ba", "bi", "da", "di", "ka", "ki", "la", "le", "li", "lo", "ma", "mi", "na",
                    "ne", "ni", "ra", "re", "ri", "ro", "sa", "si", "ta", "ti", "va", "vi", "ya"},
        .ends = {"an", "as", "bert", "ck", "d",   "da", "en", "er", "ge", "ia", "io", "is", "ka",
                 "ke", "ko", "l",    "la", "lin", "m",  "me", "n",  "na", "nd", "ne", "no", "on",
                 "or", "ph", "r",    "ra", "rt",  "s",  "sa", "ta", "th", "to", "us", "x",  "ya"},
    };
}

NameClass latin_last_names(Frames train, Frames held_out) {
    return {
        .train = std::move(train),
        .held_out = std::move(held_out),
        .starts = {"Ab",    "Al",   "Ash",  "Bar",   "Bel",  "Ben",   "Ber",  "Bor", "Bos",  "Bra",  "Brook", "Burn",
                   "Cal",   "Cald", "Car",  "Cliff", "Cor",  "Cran",  "Dal",  "Den", "Der",  "Don",  "Dra",   "Dun",
                   "Ec",    "El",   "Eld",  "Fal",   "Fen",  "Fer",   "Fitz", "Gan", "Gil",  "Glen", "Gor",   "Gra",
                   "Had",   "Hal",  "Ham",  "Har",   "Hart", "Hol",   "Hunt", "Il",  "Jan",  "Kal",  "Kar",   "Kel",
                   "Kent",  "Kol",  "Kra",  "Lam",   "Lang", "Lin",   "Lock", "Lor", "Mac",  "Mal",  "Mar",   "Mill",
                   "Mon",   "Mor",  "Nal",  "Nash",  "Nor",  "Oak",   "Ol",   "Or",  "Pal",  "Per",  "Pol",   "Pres",
                   "Quin",  "Ram",  "Rock", "Ros",   "Ruth", "Sal",   "San",  "Ser", "Shel", "Sol",  "Stan",  "Stock",
                   "Strat", "Tal",  "Thom", "Tor",   "Tre",  "Trent", "Tur",  "Ul",  "Val",  "Var",  "Ver",   "Vin",
                   "Wake",  "Wal",  "Wes",  "Win",   "Wood", "Yor",   "Zan",  "Zel"},
        .middles = {"a",  "e",  "i",   "o",  "u",   "ba", "ber", "de",  "der", "do",  "en",
                    "ga", "ki", "lin", "ma", "men", "ni", "ro",  "san", "ta",  "ten", "vi"},
        .ends = {"berg",   "bert", "bury", "by",    "dale",  "dani",  "dez",   "er",   "fair",  "feld",
                 "field",  "ford", "gard", "ham",   "hurst", "ing",   "kar",   "kin",  "land",  "ler",
                 "ley",    "lund", "man",  "mont",  "more",  "mouth", "nik",   "nov",  "ova",   "quist",
                 "rell",   "rez",  "ric",  "sen",   "ski",   "son",   "stead", "ster", "stone", "tani",
                 "thorpe", "ton",  "vic",  "ville", "well",  "wick",  "wood",  "worth"},
    };
}

NameClass latin_inventions() {
    return {
        .train = {"Kestrel", "Harbour", "Juniper", "Granite", "Compass", "Lantern", "Orchard", "Falcon",
                  "Saffron", "Copper",  "Meteor",  "Willow",  "Beacon",  "Tundra",  "Cobalt",  "Maple",
                  "Summit",  "Delta",   "Nimbus",  "Aurora",  "Atlas",   "Orion",   "Vega",    "Indigo",
                  "Amber",   "Coral",   "Onyx",    "Opal",    "Zephyr",  "Sierra"},
        .held_out = {"Heron", "Walnut", "Quartz", "Pelican", "Bamboo", "Magnolia", "Topaz", "Cypress", "Marlin",
                     "Cirrus", "Solstice", "Vertigo"},
        .starts = {"Al",  "Ar",  "Bel", "Bor", "Bri", "Cal", "Cor", "Dar", "Dor",  "El",  "Fal", "Fen", "Fer",
                   "Gal", "Gor", "Hal", "Hel", "Il",  "Jor", "Kal", "Kel", "Kor",  "Lan", "Lor", "Lum", "Mal",
                   "Mir", "Mon", "Nar", "Nor", "Ol",  "Or",  "Pel", "Por", "Quin", "Ral", "Rov", "Sal", "Sil",
                   "Sor", "Tal", "Tar", "Tor", "Ul",  "Val", "Vel", "Ver", "Vol",  "Wen", "Yar", "Zan", "Zor"},
        .middles = {"",   "a",  "e",  "i",  "o",  "u",  "ba", "da", "di", "ga", "ka",
                    "li", "lo", "ma", "mi", "na", "ni", "ra", "ri", "ta", "ti", "vo"},
        .ends = {"bis", "dan",  "dex", "dia", "dor",  "fin",  "gen",  "ko",   "lex", "lia", "lon", "lux",
                 "max", "mora", "nal", "net", "nex",  "nova", "pax",  "phen", "ria", "rix", "ron", "sis",
                 "tec", "tia",  "tis", "tor", "tron", "vik",  "vira", "xo",   "zan", "zia"},
    };
}

}  // namespace cria
