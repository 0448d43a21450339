// The office world in Italian.
#include "demo/language.h"
#include "demo/language_latin.h"

namespace cria {
namespace {

std::vector<WordClass> words() {
    return {
        {"project", {"{invention}"}},
        {"topic", {"{topic_head} {of}"}},
        {"topic_head",
         {"piano", "bilancio", "progetto", "corso", "concorso", "sito", "catalogo", "contratto", "viaggio", "mercato"},
         {"festival", "cantiere", "torneo", "forum", "laboratorio"}},
        {"of",
         {"dei prezzi",    "dei clienti",   "del magazzino",  "delle vendite",  "degli acquisti", "del personale",
          "dei materiali", "del mercato",   "della rete",     "delle sale",     "dei test",       "degli stipendi",
          "della qualità", "dei trasporti", "del palazzo",    "degli attrezzi", "del giardino",   "del pane",
          "dei colori",    "del vetro",     "del legno",      "del caffè",      "della cucina",   "della pelle",
          "della luce",    "del latte",     "dei mobili",     "dei motori",     "della musica",   "della frutta",
          "della carta",   "dei cavalli",   "delle piante",   "delle gomme",    "della sabbia",   "delle barche",
          "delle scuole",  "dello sport",   "delle strade",   "del tè",         "dei boschi",     "del mare",
          "del vino",      "della lana",    "dei treni",      "dei mattoni",    "dei tetti",      "del ghiaccio",
          "del porto",     "della notte",   "del parco",      "delle bici",     "della danza",    "della torre",
          "del lago",      "del ponte",     "della spiaggia", "del nord",       "del sud",        "della salute"},
         {"delle finestre", "dei pesci", "del miele", "del formaggio", "dei musei", "delle rose", "del sale",
          "del sapone", "dei giocattoli", "dei tappeti", "del mulino", "della stazione"}},
        {"doc_head",
         {"la lista", "la tabella", "il piano", "il rapporto", "il fascicolo", "la scheda", "il manuale",
          "il contratto", "la lettera", "la guida", "la fattura", "il calendario", "il riassunto", "la mappa",
          "la pagina", "il modello"},
         {"il registro", "il volantino", "il preventivo", "la ricevuta", "il conto", "lo schema"}},
        {"doc",
         {"{doc_head} {of}", "{doc_head} {of}", "{doc_head} {of}", "{doc_head} {of} per {invention}",
          "{doc_head} {of} di {invention}"}},
        {"doc_verb",
         {"controllare", "inviare", "stampare", "tradurre", "finire", "correggere", "condividere", "preparare",
          "copiare", "firmare", "rileggere", "completare", "ordinare", "pubblicare"}},
        {"contact",
         {"la banca", "il comune", "il cuoco", "il tecnico", "la fotografa", "la direttrice", "il fornitore",
          "la contabile", "il servizio clienti", "il corriere", "la biblioteca", "il sindacato", "la scuola"},
         {"il fioraio", "la notaia", "il giardiniere", "la questura", "i pompieri", "il fabbro"}},
        {"contact_verb", {"chiamare", "avvisare", "ringraziare", "pagare", "invitare", "contattare", "sentire"}},
        {"task",
         {"{doc_verb} {doc}", "{doc_verb} {doc}", "{doc_verb} {doc}", "{contact_verb} {contact}",
          "inviare {doc_head} {of} a {invention}", "prenotare una sala da {invention}", "chiamare {invention}"}},
        {"trouble",
         {"è in ritardo", "manca ancora", "costa troppo", "non funziona", "non va bene", "richiede più tempo",
          "contiene errori", "non è ancora finale"}},
        {"problem", {"{doc} {trouble}", "{doc} {trouble}", "{invention} non risponde"}},
        {"decision_verb", {"tenere", "sostituire", "rimandare", "cambiare", "semplificare", "provare", "togliere"}},
        {"decision",
         {"{decision_verb} {doc}", "{decision_verb} {doc}", "lavorare con {invention}", "cominciare senza {contact}"}},
    };
}

void add_chat(LanguagePack& pack) {
    pack.subject = "{topic} {project}";
    pack.by_day = "entro {day}";
    pack.by_date = "entro il {day}";
    pack.on_day = "{day}";
    pack.on_date = "il {day}";
    pack.opener = {"Ciao a tutti, parliamo del tema {subject}.", "Tema di oggi: {subject}.",
                   "A che punto siamo con il {subject}?", "Dobbiamo parlare del {subject}.",
                   "Un giro veloce sul tema {subject}, per favore."};
    pack.problem_said = {"Purtroppo {problem}.", "Brutta notizia: {problem}.", "Il problema è che {problem}.",
                         "Un problema: {problem}."};
    pack.decision_said = {"Allora è deciso: {decision}.", "Va bene, vogliamo {decision}, deciso.",
                          "La nostra decisione: {decision}.", "D'accordo, possiamo {decision}, è deciso."};
    pack.take = {"Posso {task} {by}", "Voglio {task} {by}", "Va bene, riesco a {task} {by}",
                 "La mia parte: {task} {by}", "Penso di {task} {by}"};
    pack.give = {"Puoi {task} {by}, {first}?", "Potresti {task} {by}, {first}?", "Devi {task} {by}, {first}.",
                 "Ti chiedo di {task} {by}, {first}."};
    pack.accept = {"Sì, lo faccio io.", "Certo, nessun problema.", "Va bene, sarà fatto.", "Bene, è nella mia lista.",
                   "Sì, volentieri."};
    pack.meet = {"Vediamoci {on} alle {time}, {who}", "Riunione di seguito {on} alle {time}, {who}",
                 "Prossima riunione {on} alle {time}, {who}", "Possiamo {on} alle {time}, {who}?"};
    pack.everybody = "tutti noi";
    pack.only_some = "solo {names} e io";
    pack.meet_agreed = {"Per me va bene.", "Bene, ci sarò.", "Perfetto per me.", "Sì, è un buon orario."};
    pack.meet_object = {"Alle {time} non posso, va bene alle {new_time}?", "Le {time} no, meglio le {new_time}?"};
    pack.meet_moved = {"Va bene, allora {on} alle {new_time}, {who}",
                       "Nessun problema, ci vediamo {on} alle {new_time}, {who}",
                       "Bene, facciamo {on} alle {new_time}, {who}"};
    pack.small_talk = {"Buongiorno!",
                       "Ciao a tutti.",
                       "Grazie!",
                       "Bel lavoro, grazie.",
                       "Suona bene.",
                       "Sono d'accordo.",
                       "Giusto.",
                       "Il caffè è pronto.",
                       "Piove ancora.",
                       "Scusate, ero in un'altra riunione.",
                       "Il mio treno era in ritardo.",
                       "Pranzo alle {time}?",
                       "Esco alle {time}.",
                       "Grazie per la risposta veloce.",
                       "Nessuna domanda da parte mia.",
                       "Perfetto, grazie.",
                       "In cucina c'è una torta.",
                       "OK.",
                       "Sì.",
                       "È vero.",
                       "Di niente.",
                       "Mi fa piacere."};
}

void add_requests(LanguagePack& pack) {
    pack.system = "Oggi è {today}. Prossimi giorni: {days}.";
    pack.members = "Membri:";
    pack.intro_ten = {"Ecco gli ultimi dieci messaggi della nostra chat:", "Gli ultimi dieci messaggi:"};
    pack.intro = {"Questa è la chat del nostro ufficio:", "Leggi questa chat, per favore:", "Chat:"};
    pack.ask_summary = {"Riassumi la chat.",
                        "Puoi riassumere questa conversazione?",
                        "Di che cosa parla questa chat?",
                        "Scrivi un breve riassunto.",
                        "Un riassunto, per favore.",
                        "Non ho letto la chat. Che cosa è successo?",
                        "Dammi i punti importanti della chat.",
                        "Di che cosa hanno parlato?",
                        "Fai un riassunto degli ultimi messaggi.",
                        "Riassumi questi messaggi, per favore."};
    pack.ask_items = {"Elenca i compiti.",
                      "Quali sono i compiti?",
                      "Chi deve fare che cosa, ed entro quando?",
                      "Dammi tutti i compiti con persona e data.",
                      "Fai la lista dei compiti.",
                      "Quali compiti sono stati decisi?",
                      "I compiti, per favore.",
                      "Che cosa c'è da fare, e chi lo fa?",
                      "Prepara un elenco dei compiti aperti.",
                      "Mostrami i compiti di questa chat."};
    pack.ask_invite = {"Invita le persone alla riunione.",
                       "Crea la riunione nel calendario.",
                       "Manda gli inviti per la riunione, per favore.",
                       "Metti la riunione nel calendario.",
                       "Organizza la prossima riunione.",
                       "Fissa la riunione concordata.",
                       "Puoi creare la riunione e invitare tutti?",
                       "Prepara un invito per la riunione.",
                       "Fissa la riunione di seguito, per favore."};
    pack.ask_who = {"Chi deve {task}?", "Chi può {task}?", "Dimmi chi deve {task}.", "A chi tocca {task}?"};
    pack.ask_due = {"Entro quando bisogna {task}?", "Qual è la scadenza per {task}?", "Entro che data devono {task}?",
                    "Quanto tempo c'è per {task}?"};
    pack.ask_owner = {"Che cosa deve fare {name}?", "Qual è il compito di {name}?", "Di che cosa si occupa {name}?",
                      "Che cosa farà {name}?"};
    pack.ask_item = {"Qual è il compito {number}?", "Dimmi il compito {number}.",
                     "Che cosa dice il compito {number} della lista?"};
    pack.ask_wrote = {"Chi ha scritto \"{text}\"?", "Di chi è il messaggio \"{text}\"?"};
    pack.ask_meeting = {"Quando è la riunione?", "Quando si vedono?", "A che ora è la riunione?",
                        "Data e ora della riunione?", "Quando è la prossima riunione?"};
    pack.ask_people = {"Chi ha partecipato alla chat?", "Elenca le persone della chat.", "Chi ha scritto?",
                       "Nomina tutti i partecipanti."};
    pack.ask_attendees = {"Chi è invitato alla riunione?", "Chi viene alla riunione?", "Chi si incontra?",
                          "Chi sarà alla prossima riunione?"};
    pack.ask_problem = {"Qual è il problema?", "Quale problema è stato segnalato?", "C'è un problema?",
                        "Che cosa non va?"};
    pack.ask_decision = {"Che cosa hanno deciso?", "Qual è la decisione?", "Hanno preso una decisione?",
                         "Che cosa è stato deciso?"};
}

void add_rewrites(LanguagePack& pack) {
    pack.ask_shorter = {"Accorcia questo: \"{text}\"", "Rendi più breve questo messaggio: \"{text}\"",
                        "Scrivilo con meno parole: \"{text}\"", "Una versione più corta, per favore: \"{text}\""};
    pack.ask_formal = {"Rendi questo più formale: \"{text}\"", "Riscrivi in stile formale: \"{text}\"",
                       "Rendi cortese questo messaggio: \"{text}\"", "Una versione formale, per favore: \"{text}\""};
    pack.ask_date = {"Che data è {day}?", "Qual è la data di {day}?"};
    pack.ask_other = {"Ciao",
                      "Buongiorno",
                      "Chi sei?",
                      "Che cosa sai fare?",
                      "Aiuto",
                      "Raccontami una barzelletta.",
                      "Qual è la capitale della Francia?",
                      "Che tempo fa?",
                      "Come stai?",
                      "Scrivi una poesia.",
                      "Grazie!",
                      "Come ti chiami?"};
    pack.wordy = {"Ciao a tutti, volevo solo farvi sapere che posso {task} {by}, e grazie mille per la pazienza.",
                  "Ci ho pensato a lungo, e per quanto ne so posso {task} {by}, se va bene a tutti voi.",
                  "Scusate il lungo silenzio, la buona notizia è che posso {task} {by}.",
                  "Così nessuno deve più chiedere, ripeto da parte mia che posso {task} {by}, come detto."};
    pack.plain = "Posso {task} {by}.";
    pack.casual = {"ehi {first}, posso {task} {by}, ok?", "ciao {first}! posso {task} {by}, a dopo",
                   "{first}, tranquillo, posso {task} {by} :)", "{first}, guarda, posso {task} {by}, ciao ciao!"};
    pack.formal = "Gentile {first},\nLa informo che posso {task} {by}.\nCordiali saluti";
}

void add_answers(LanguagePack& pack) {
    pack.title = "Seguito: {subject}, {day}";
    pack.says_topic = "Tema: {subject}.";
    pack.says_problem = "Problema: {problem}.";
    pack.says_decision = "Decisione: {decision}.";
    pack.says_meeting = "Prossima riunione: {date} alle {time}.";
    pack.says_no_meeting = "Non è prevista nessuna riunione.";
    pack.item_line = "{task} {by}: {name} ({date})";
    pack.says_unknown = "La chat non lo dice.";
    pack.says_no_item = "Non c'è nessun compito {number}.";
    pack.says_created = "L'invito è pronto: {title}, {date} alle {time}.\nInvitati:\n{names}\nFile: {file}";
    pack.says_failed = "La riunione non è stata creata: {error}";
    pack.says_other =
        "Sono un piccolo modello dimostrativo. Dammi una chat di ufficio: "
        "posso riassumerla, elencare i compiti, fissare la riunione o riscrivere un messaggio.";
}

LanguagePack make() {
    LanguagePack pack;
    pack.code = "it";
    pack.english_name = "Italian";
    pack.weekdays = {"lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica"};
    pack.first_names = latin_first_names(
        {"Anna",   "Bruno",   "Chiara",  "Dario",    "Elisa",   "Fabio",   "Giulia",   "Irene",   "Luca",
         "Marta",  "Nicola",  "Ornella", "Paolo",    "Rita",    "Sandro",  "Teresa",   "Ugo",     "Valeria",
         "Matteo", "Silvia",  "Giorgio", "Federica", "Claudio", "Lorenzo", "Beatrice", "Stefano", "Roberta",
         "Davide", "Alessia", "Pietro",  "Carla",    "Enrico",  "Sara"},
        {"Ludovica", "Ettore", "Ginevra", "Saverio", "Ilaria", "Umberto", "Fiorella", "Tommaso", "Azzurra"});
    pack.last_names = latin_last_names(
        {"Rossi",   "Russo",  "Ferrari", "Esposito", "Romano",  "Colombo",  "Ricci",   "Marino",  "Greco",   "Bruno",
         "Gallo",   "Conti",  "Costa",   "Mancini",  "Rizzo",   "Lombardi", "Moretti", "Fontana", "Santoro", "Mariani",
         "Rinaldi", "Caruso", "Ferrara", "Galli",    "Martini", "Leone",    "Longo",   "Gentile", "Vitale",  "Serra"},
        {"Bellini", "Cattaneo", "Delfino", "Fiore", "Guidi", "Palumbo", "Sartori", "Valentini"});
    pack.inventions = latin_inventions();
    pack.words = words();
    add_chat(pack);
    add_requests(pack);
    add_rewrites(pack);
    add_answers(pack);
    return pack;
}

}  // namespace

const LanguagePack& italian_pack() {
    static const LanguagePack pack = make();
    return pack;
}

}  // namespace cria
