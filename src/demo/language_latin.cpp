#include "demo/language_latin.h"

#include <utility>

namespace cria {

NameClass latin_first_names(Frames train, Frames held_out) {
    return {
        .train = std::move(train),
        .held_out = std::move(held_out),
        .starts = {"Al", "Ami", "Ar", "Be", "Bri", "Ca", "Ce", "Co", "Da", "De", "Di", "El", "Em", "Fa", "Fe", "Fi",
                   "Ga", "Gi",  "Ha", "He", "Il",  "Is", "Ja", "Je", "Jo", "Ka", "Ke", "Ki", "La", "Le", "Li", "Lu",
                   "Ma", "Me",  "Mi", "Na", "Ne",  "Ni", "No", "Ol", "Pa", "Pe", "Ra", "Re", "Ro", "Sa", "Se", "Si",
                   "So", "Ta",  "Te", "Ti", "Tu",  "Va", "Ve", "Vi", "Wa", "Wi", "Ya", "Ye", "Za", "Zo"},
        .middles = {"ba", "bi", "da", "di", "ka", "ki", "la", "le", "li", "lo", "ma", "mi", "na",
                    "ne", "ni", "ra", "re", "ri", "ro", "sa", "si", "ta", "ti", "va", "vi", "ya"},
        .ends = {"n", "na", "no", "s", "sa", "l", "la", "r", "ra", "m", "ta", "to", "ne", "d", "da", "ck", "th", "ya",
                 "x"},
    };
}

NameClass latin_last_names(Frames train, Frames held_out) {
    return {
        .train = std::move(train),
        .held_out = std::move(held_out),
        .starts = {"Ab",  "Al",  "Bar", "Ber",  "Bor", "Bra", "Cal", "Car", "Cor", "Dal", "Der", "Dra", "Ec",
                   "El",  "Fal", "Fer", "Gan",  "Gor", "Gra", "Hal", "Har", "Hol", "Il",  "Jan", "Kal", "Kar",
                   "Kol", "Kra", "Lam", "Lin",  "Lor", "Mal", "Mar", "Mon", "Mor", "Nal", "Nor", "Ol",  "Or",
                   "Pal", "Per", "Pol", "Quin", "Ram", "Ros", "Sal", "San", "Ser", "Sol", "Tal", "Tor", "Tre",
                   "Ul",  "Val", "Var", "Ver",  "Wal", "Wes", "Yor", "Zan", "Zel"},
        .middles = {"a",  "e",  "i",   "o",  "u",   "ba", "ber", "de",  "der", "do",  "en",
                    "ga", "ki", "lin", "ma", "men", "ni", "ro",  "san", "ta",  "ten", "vi"},
        .ends = {"berg", "bert", "dani", "dez",  "feld", "gard",  "kar",  "kin", "ler", "lund",
                 "man",  "mont", "nik",  "nov",  "ova",  "quist", "rell", "rez", "ric", "sen",
                 "ski",  "son",  "ster", "tani", "ton",  "vic",   "well", "wick"},
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
