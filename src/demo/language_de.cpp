// The office world in German. Tasks are infinitives at the end of the sentence, and the things that they are
// about are feminine or neuter, whose nominative and accusative are the same.
#include "demo/language.h"
#include "demo/language_latin.h"

namespace cria {
namespace {

std::vector<WordClass> words() {
    return {
        {"project", {"{invention}"}},
        {"topic", {"{part}{topic_head}"}},
        {"topic_head",
         {"plan", "seite", "kurs", "bericht", "umfrage", "projekt", "feier", "messe", "prüfung", "kampagne", "reise"},
         {"ausstellung", "werkstatt", "förderung", "statistik", "lotterie"}},
        {"part",
         {"Preis",   "Kunden",    "Lager",       "Liefer", "Projekt", "Urlaubs", "Personal", "Material", "Termin",
          "Budget",  "Reise",     "Vertrags",    "Markt",  "Team",    "Netz",    "Besucher", "Raum",     "Energie",
          "Test",    "Qualitäts", "Sicherheits", "Lohn",   "Steuer",  "Hotel",   "Bestell",  "Produkt",  "Verkaufs",
          "Kosten",  "Schulungs", "Werbe",       "Apfel",  "Garten",  "Brücken", "Brot",     "Farb",     "Glas",
          "Holz",    "Kaffee",    "Kinder",      "Küchen", "Leder",   "Licht",   "Luft",     "Milch",    "Möbel",
          "Motor",   "Musik",     "Obst",        "Öl",     "Papier",  "Pferde",  "Pflanzen", "Reifen",   "Sand",
          "Schiffs", "Schul",     "Sport",       "Stahl",  "Straßen", "Strom",   "Tee",      "Tier",     "Uhren",
          "Wald",    "Wasser",    "Wein",        "Winter", "Sommer",  "Woll",    "Zahn",     "Zug",      "Ziegel",
          "Bau",     "Bank",      "Boots",       "Dach",   "Eis",     "Feld",    "Gas",      "Haus",     "Hafen",
          "Jugend",  "Kraft",     "Kunst",       "Land",   "Meer",    "Nacht",   "Park",     "Rad",      "Stein",
          "Tanz",    "Turm",      "Vogel",       "Wand",   "Wetter",  "Wohn"},
         {"Fenster", "Fisch", "Flughafen", "Honig", "Käse", "Kräuter", "Museums", "Rosen", "Salz", "Seifen",
          "Spielzeug", "Teppich", "Kirchen", "Mühlen"}},
        {"fem",
         {"liste", "tabelle", "übersicht", "datei", "mappe", "vorlage", "rechnung", "statistik", "karte", "anzeige"},
         {"akte", "broschüre", "bilanz", "skizze", "urkunde"}},
        {"neut",
         {"protokoll", "formular", "handbuch", "plakat", "angebot", "heft", "konto", "muster", "gutachten", "modell"},
         {"verzeichnis", "inventar", "dokument", "diagramm", "zeugnis"}},
        {"adjective", {"neue", "alte", "letzte", "fehlende", "kurze", "zweite", "erste", "ganze"}},
        {"doc",
         {"die {part}{fem}", "das {part}{neut}", "die {part}{fem}", "das {part}{neut}", "die {adjective} {part}{fem}",
          "das {adjective} {part}{neut}", "die {part}{fem} von {invention}", "das {part}{neut} von {invention}"}},
        {"doc_verb",
         {"prüfen", "schicken", "drucken", "übersetzen", "kürzen", "korrigieren", "schreiben", "kopieren", "ergänzen",
          "abgeben", "teilen", "scannen", "ordnen"}},
        {"contact",
         {"die Bank", "das Hotel", "die Versicherung", "die Schule", "die Werkstatt", "die Spedition", "die Anwältin",
          "die Druckerei", "das Reisebüro", "die Hausverwaltung", "die Stadt", "das Rechenzentrum", "die Köchin"},
         {"die Gärtnerei", "das Orchester", "die Feuerwehr", "die Notarin", "die Botschaft", "das Finanzamt"}},
        {"contact_verb", {"anrufen", "fragen", "besuchen", "bezahlen", "einladen", "erinnern", "informieren"}},
        {"task",
         {"{doc} {doc_verb}", "{doc} {doc_verb}", "{doc} {doc_verb}", "{contact} {contact_verb}",
          "{doc} an {invention} schicken", "bei {invention} anrufen", "einen Raum bei {invention} buchen"}},
        {"trouble",
         {"ist zu spät", "ist kaputt", "ist zu teuer", "fehlt", "ist nicht fertig", "ist falsch", "ist veraltet",
          "kostet zu viel", "braucht mehr Zeit"}},
        {"problem", {"{doc} {trouble}", "{doc} {trouble}", "{contact} antwortet nicht", "{invention} antwortet nicht"}},
        {"decision_verb", {"behalten", "ersetzen", "verschieben", "ändern", "vereinfachen", "testen", "streichen"}},
        {"decision",
         {"{doc} {decision_verb}", "{doc} {decision_verb}", "mit {invention} arbeiten", "ohne {contact} anfangen"}},
    };
}

void add_chat(LanguagePack& pack) {
    pack.subject = "{topic} {project}";
    pack.by_day = "bis {day}";
    pack.by_date = "bis {day}";
    pack.on_day = "am {day}";
    pack.on_date = "am {day}";
    pack.opener = {"Hallo zusammen, es geht um das Thema {subject}.", "Thema heute: {subject}.",
                   "Wie steht es beim Thema {subject}?", "Guten Morgen, wir sprechen heute über {subject}.",
                   "Kurze Runde zum Thema {subject}, bitte."};
    pack.problem_said = {"Leider gibt es ein Problem: {problem}.", "Schlechte Nachricht: {problem}.",
                         "Das Problem ist: {problem}.", "Ein Problem: {problem}."};
    pack.decision_said = {"Dann ist beschlossen: {decision}.", "Gut, wir werden {decision}, beschlossen.",
                          "Lasst uns {decision}, das ist entschieden.", "Unser Beschluss: {decision}."};
    pack.take = {"Ich werde {by} {task}", "Ich kann {by} {task}", "OK, ich werde {by} {task}", "Mein Teil: {by} {task}",
                 "Ich will {by} {task}"};
    pack.give = {"Kannst du {by} {task}, {first}?", "Könntest du bitte {by} {task}, {first}?",
                 "Du müsstest {by} {task}, {first}.", "Bitte {by} {task}, {first}."};
    pack.accept = {"Ja, das mache ich.", "Klar, kein Problem.", "OK, wird erledigt.", "Gut, steht auf meiner Liste.",
                   "Ja, gerne."};
    pack.meet = {"Treffen wir uns {on} um {time}, {who}", "Folgetermin {on} um {time}, {who}",
                 "Nächstes Treffen {on} um {time}, {who}", "Können wir {on} um {time}, {who}?"};
    pack.everybody = "wir alle";
    pack.only_some = "nur {names} und ich";
    pack.meet_agreed = {"Das passt mir.", "Gut, ich bin dabei.", "Passt.", "Ja, die Zeit ist gut."};
    pack.meet_object = {"Um {time} kann ich nicht, geht {new_time}?", "{time} ist schlecht, wie wäre {new_time}?"};
    pack.meet_moved = {"OK, dann {on} um {new_time}, {who}", "Kein Problem, also {on} um {new_time}, {who}",
                       "Gut, machen wir es {on} um {new_time}, {who}"};
    pack.small_talk = {"Guten Morgen!",
                       "Hallo zusammen.",
                       "Danke!",
                       "Gute Arbeit, danke.",
                       "Klingt gut.",
                       "Das sehe ich auch so.",
                       "Guter Punkt.",
                       "Der Kaffee ist fertig.",
                       "Es regnet schon wieder.",
                       "Entschuldigung, ich war im Gespräch.",
                       "Mein Zug hatte heute Verspätung.",
                       "Mittagessen um {time}?",
                       "Ich bin ab {time} nicht da.",
                       "Danke für die schnelle Antwort.",
                       "Keine Fragen von mir.",
                       "Perfekt, danke.",
                       "In der Küche gibt es Kuchen.",
                       "OK.",
                       "Ja.",
                       "Stimmt.",
                       "Gern geschehen.",
                       "Ich muss um {time} los.",
                       "Schön zu hören."};
}

void add_requests(LanguagePack& pack) {
    pack.system = "Heute ist {today}. Nächste Tage: {days}.";
    pack.members = "Mitglieder:";
    pack.intro_ten = {"Hier sind die letzten zehn Nachrichten aus unserem Chat:", "Die letzten zehn Nachrichten:"};
    pack.intro = {"Das ist unser Chat aus dem Büro:", "Bitte lies diesen Chat:", "Chat:"};
    pack.ask_summary = {"Fasse den Chat zusammen.",
                        "Bitte fasse dieses Gespräch zusammen.",
                        "Kannst du das zusammenfassen?",
                        "Worum geht es in diesem Chat?",
                        "Schreibe eine kurze Zusammenfassung.",
                        "Zusammenfassung, bitte.",
                        "Ich habe den Chat verpasst. Was ist passiert?",
                        "Nenne mir das Wichtigste aus dem Chat.",
                        "Was haben sie besprochen?",
                        "Gib mir eine Zusammenfassung der letzten Nachrichten."};
    pack.ask_items = {"Liste die Aufgaben auf.",
                      "Was sind die Aufgaben?",
                      "Wer muss was bis wann tun?",
                      "Nenne alle Aufgaben mit Person und Datum.",
                      "Gib mir die Aufgabenliste.",
                      "Welche Aufgaben wurden vereinbart?",
                      "Die Aufgaben, bitte.",
                      "Was ist zu tun und von wem?",
                      "Mach eine Liste der offenen Aufgaben.",
                      "Zeig mir die Aufgaben aus diesem Chat."};
    pack.ask_invite = {"Lade zum Folgetermin ein.",
                       "Lege den Termin im Kalender an.",
                       "Bitte verschicke die Einladungen zum Folgetermin.",
                       "Trage die Besprechung in den Kalender ein.",
                       "Plane den vereinbarten Termin.",
                       "Lade die Leute zur Besprechung ein.",
                       "Kannst du den Termin anlegen und einladen?",
                       "Erstelle eine Einladung für das Treffen.",
                       "Bitte plane den Folgetermin."};
    pack.ask_who = {"Wer wird {task}?", "Wer muss {task}?", "Wer soll {task}?", "Wer hat zugesagt: {task}?"};
    pack.ask_due = {"Bis wann ist die Aufgabe fällig: {task}?", "Welche Frist gilt für: {task}?",
                    "Bis wann müssen sie {task}?", "Bis wann soll jemand {task}?"};
    pack.ask_owner = {"Was muss {name} tun?", "Welche Aufgabe hat {name}?", "Was hat {name} übernommen?",
                      "Was steht auf der Liste von {name}?"};
    pack.ask_item = {"Was ist Aufgabe {number}?", "Nenne Aufgabe {number}.", "Wie lautet Aufgabe {number} der Liste?"};
    pack.ask_wrote = {"Wer hat das geschrieben: \"{text}\"?", "Von wem ist \"{text}\"?", "Wer schreibt \"{text}\"?"};
    pack.ask_meeting = {"Wann ist das Treffen?", "Wann treffen sie sich?", "Um wie viel Uhr ist der Folgetermin?",
                        "Datum und Uhrzeit des Treffens?", "Wann ist die nächste Besprechung?"};
    pack.ask_people = {"Wer war im Chat dabei?", "Nenne die Personen im Chat.", "Wer hat geschrieben?",
                       "Nenne alle Teilnehmer."};
    pack.ask_attendees = {"Wer ist zum Treffen eingeladen?", "Wer kommt zum Folgetermin?", "Wer trifft sich?",
                          "Nenne alle, die zum Treffen kommen."};
    pack.ask_problem = {"Was ist das Problem?", "Welches Problem wurde genannt?", "Was ist schiefgegangen?",
                        "Gibt es ein Problem?"};
    pack.ask_decision = {"Was wurde beschlossen?", "Was ist der Beschluss?", "Haben sie etwas entschieden?",
                         "Welche Entscheidung gab es?"};
}

void add_rewrites(LanguagePack& pack) {
    pack.ask_shorter = {"Mach das kürzer: \"{text}\"", "Kürze diese Nachricht: \"{text}\"",
                        "Bitte schreibe das mit weniger Worten: \"{text}\"", "Eine kürzere Fassung, bitte: \"{text}\""};
    pack.ask_formal = {"Mach das förmlicher: \"{text}\"", "Schreibe das in förmlichem Stil: \"{text}\"",
                       "Bitte formuliere diese Nachricht höflich: \"{text}\"",
                       "Eine förmliche Fassung, bitte: \"{text}\""};
    pack.ask_date = {"Welches Datum ist {day}?", "Welches Datum haben wir am {day}?"};
    pack.ask_other = {"Hallo",
                      "Hallo, wer bist du?",
                      "Wer bist du?",
                      "Was kannst du?",
                      "Guten Morgen",
                      "Hilfe",
                      "Erzähl mir einen Witz.",
                      "Was ist die Hauptstadt von Frankreich?",
                      "Wie ist das Wetter?",
                      "Wie geht es dir?",
                      "Schreib ein Gedicht.",
                      "Danke!",
                      "Wie heißt du?"};
    pack.wordy = {
        "Hallo zusammen, ich wollte euch nur kurz Bescheid geben: Ich werde {by} {task}, und danke für die Geduld.",
        "Ich habe lange nachgedacht, und soweit ich sehe, gilt: Ich werde {by} {task}, wenn das für alle passt.",
        "Entschuldigt die lange Stille, die gute Nachricht lautet: Ich werde {by} {task}.",
        "Damit niemand noch einmal fragen muss, hier von meiner Seite: Ich werde {by} {task}, wie besprochen."};
    pack.plain = "Ich werde {by} {task}.";
    pack.casual = {"hey {first}, ich werd {by} {task}, ok?", "hi {first}! werde {by} {task}, bis dann",
                   "{first}, keine Sorge, ich werd {by} {task} :)", "na {first}, ich werd {by} {task}, tschüss!"};
    pack.formal = "Guten Tag {first},\nich möchte Ihnen mitteilen: Ich werde {by} {task}.\nMit freundlichen Grüßen";
}

void add_answers(LanguagePack& pack) {
    pack.title = "Folgetermin: {subject}, {day}";
    pack.says_topic = "Thema: {subject}.";
    pack.says_problem = "Problem: {problem}.";
    pack.says_decision = "Beschluss: {decision}.";
    pack.says_meeting = "Nächstes Treffen: {date} um {time}.";
    pack.says_no_meeting = "Es wurde kein Treffen vereinbart.";
    pack.item_line = "{by} {task}: {name} ({date})";
    pack.says_unknown = "Das steht nicht im Chat.";
    pack.says_no_item = "Es gibt keine Aufgabe {number}.";
    pack.says_created = "Die Einladung ist fertig: {title}, {date} um {time}.\nEingeladen:\n{names}\nDatei: {file}";
    pack.says_failed = "Der Termin wurde nicht angelegt: {error}";
    pack.says_other =
        "Ich bin ein winziges Vorführmodell. Gib mir einen Chat aus dem Büro: "
        "Ich fasse ihn zusammen, nenne die Aufgaben, plane das Treffen oder schreibe eine Nachricht um.";
}

LanguagePack make() {
    LanguagePack pack;
    pack.code = "de";
    pack.english_name = "German";
    pack.weekdays = {"Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"};
    pack.first_names = latin_first_names(
        {"Anna",  "Bernd",   "Clara",  "Dieter", "Eva",    "Frank",  "Greta",  "Hans",   "Ines",
         "Jonas", "Katrin",  "Lukas",  "Marie",  "Nils",   "Olga",   "Paul",   "Renate", "Stefan",
         "Tanja", "Uwe",     "Vera",   "Werner", "Yasmin", "Markus", "Birgit", "Jürgen", "Sabine",
         "Heike", "Torsten", "Ulrike", "Mehmet", "Svenja", "Kai",    "Jutta",  "Felix"},
        {"Dorothea", "Gunnar", "Hannelore", "Rüdiger", "Friederike", "Volker", "Annika", "Eberhard", "Wiebke"});
    pack.last_names = latin_last_names(
        {"Müller", "Schmidt", "Schneider", "Fischer", "Weber",    "Meyer",   "Wagner",  "Becker", "Schulz", "Koch",
         "Bauer",  "Richter", "Klein",     "Wolf",    "Schröder", "Neumann", "Schwarz", "Braun",  "Krüger", "Lange",
         "Yilmaz", "Vogel",   "Keller",    "Frank",   "Berger",   "Winkler", "Roth",    "Beck",   "Lorenz", "Kaiser"},
        {"Steinmetz", "Brandt", "Zimmermann", "Hofstätter", "Böhm", "Grünewald", "Pfeiffer", "Ostermann"});
    pack.inventions = latin_inventions();
    pack.words = words();
    add_chat(pack);
    add_requests(pack);
    add_rewrites(pack);
    add_answers(pack);
    return pack;
}

}  // namespace

const LanguagePack& german_pack() {
    static const LanguagePack pack = make();
    return pack;
}

}  // namespace cria
