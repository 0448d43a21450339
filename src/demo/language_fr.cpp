// The office world in French.
#include "demo/language.h"
#include "demo/language_latin.h"

namespace cria {
namespace {

std::vector<WordClass> words() {
    return {
        {"project", {"{invention}"}},
        {"topic", {"{topic_head} {of}"}},
        {"topic_head",
         {"plan", "budget", "projet", "salon", "concours", "bilan", "site", "catalogue", "contrat", "voyage",
          "rapport"},
         {"festival", "chantier", "partenariat", "tournoi", "forum"}},
        {"of",
         {"des prix",      "des clients", "du stock",      "du budget",    "des ventes",   "des achats",
          "du personnel",  "du matériel", "du marché",     "du réseau",    "du printemps", "des salles",
          "des tests",     "de la paie",  "de la qualité", "du transport", "du bâtiment",  "des outils",
          "du jardin",     "du pain",     "des couleurs",  "du verre",     "du bois",      "du café",
          "de la cuisine", "du cuir",     "de la lumière", "du lait",      "des meubles",  "des moteurs",
          "de la musique", "des fruits",  "du papier",     "des chevaux",  "des plantes",  "des pneus",
          "du sable",      "des bateaux", "des écoles",    "du sport",     "des routes",   "du thé",
          "des forêts",    "de la mer",   "du vin",        "de la laine",  "des trains",   "des briques",
          "des toits",     "de la glace", "du port",       "de la nuit",   "du parc",      "des vélos",
          "de la danse",   "de la tour",  "du lac",        "du pont",      "de la plage",  "du nord",
          "du sud",        "de la santé", "du service"},
         {"des fenêtres", "des poissons", "du miel", "du fromage", "des musées", "des roses", "du sel", "du savon",
          "des jouets", "des tapis", "du moulin", "de la gare"}},
        {"doc_head",
         {"la liste", "le tableau", "le plan", "le rapport", "le dossier", "la fiche", "le manuel", "le contrat",
          "la lettre", "le guide", "la facture", "le calendrier", "le résumé", "la carte", "la page", "le modèle"},
         {"le registre", "la brochure", "le devis", "la notice", "le compte", "le schéma"}},
        {"doc",
         {"{doc_head} {of}", "{doc_head} {of}", "{doc_head} {of}", "{doc_head} {of} pour {invention}",
          "{doc_head} de chez {invention}"}},
        {"doc_verb",
         {"vérifier", "envoyer", "imprimer", "traduire", "finir", "corriger", "partager", "préparer", "copier",
          "signer", "relire", "compléter", "classer", "publier"}},
        {"contact",
         {"la banque", "la mairie", "le traiteur", "le plombier", "la photographe", "le garage", "la directrice",
          "le fournisseur", "la comptable", "le service client", "le chauffeur", "la bibliothèque", "le syndicat"},
         {"le fleuriste", "la notaire", "le jardinier", "la préfecture", "les pompiers", "le serrurier"}},
        {"contact_verb", {"appeler", "prévenir", "remercier", "payer", "inviter", "relancer", "contacter"}},
        {"task",
         {"{doc_verb} {doc}", "{doc_verb} {doc}", "{doc_verb} {doc}", "{contact_verb} {contact}",
          "envoyer {doc_head} {of} à {invention}", "réserver une salle chez {invention}", "appeler {invention}"}},
        {"trouble",
         {"est en retard", "manque encore", "coûte trop cher", "pose problème", "ne convient pas", "demande du temps",
          "ne marche pas", "contient des erreurs"}},
        {"problem", {"{doc} {trouble}", "{doc} {trouble}", "{invention} ne répond pas"}},
        {"decision_verb", {"garder", "remplacer", "reporter", "changer", "simplifier", "tester", "supprimer"}},
        {"decision",
         {"{decision_verb} {doc}", "{decision_verb} {doc}", "travailler avec {invention}", "commencer sans {contact}"}},
    };
}

void add_chat(LanguagePack& pack) {
    pack.subject = "{topic} {project}";
    pack.by_day = "pour {day}";
    pack.by_date = "pour le {day}";
    pack.on_day = "{day}";
    pack.on_date = "le {day}";
    pack.opener = {"Bonjour à tous, on parle du sujet {subject}.", "Sujet du jour : {subject}.",
                   "Où en sommes-nous avec le {subject} ?", "Il faut parler du dossier {subject}.",
                   "Un point rapide sur le {subject}, merci."};
    pack.problem_said = {"Malheureusement, {problem}.", "Mauvaise nouvelle : {problem}.", "Le problème : {problem}.",
                         "Je crains un souci : {problem}."};
    pack.decision_said = {"C'est décidé : {decision}.", "Alors on va {decision}, décidé.",
                          "Notre décision : {decision}.", "D'accord, nous allons {decision}, c'est décidé."};
    pack.take = {"Je vais {task} {by}", "Je peux {task} {by}", "D'accord, je vais {task} {by}", "Ma part : {task} {by}",
                 "Je compte {task} {by}"};
    pack.give = {"Peux-tu {task} {by}, {first} ?", "Pourrais-tu {task} {by}, {first} ?",
                 "Tu dois {task} {by}, {first}.", "Merci de bien vouloir {task} {by}, {first}."};
    pack.accept = {"Oui, je m'en occupe.", "Bien sûr, pas de souci.", "D'accord, ce sera fait.", "C'est noté.",
                   "Oui, avec plaisir."};
    pack.meet = {"On se retrouve {on} à {time}, {who}", "Réunion de suivi {on} à {time}, {who}",
                 "Prochaine réunion {on} à {time}, {who}", "On peut se voir {on} à {time}, {who} ?"};
    pack.everybody = "nous tous";
    pack.only_some = "seulement {names} et moi";
    pack.meet_agreed = {"Cela me convient.", "Bien, je serai là.", "Parfait pour moi.", "Oui, cette heure me va."};
    pack.meet_object = {"Je ne peux pas à {time}, {new_time} est possible ?",
                        "{time} ne me va pas, plutôt {new_time} ?"};
    pack.meet_moved = {"D'accord, alors {on} à {new_time}, {who}", "Pas de souci, on se voit {on} à {new_time}, {who}",
                       "Bon, disons {on} à {new_time}, {who}"};
    pack.small_talk = {"Bonjour !",
                       "Salut tout le monde.",
                       "Merci !",
                       "Beau travail, merci.",
                       "Ça marche.",
                       "Je suis d'accord.",
                       "Bonne remarque.",
                       "Le café est prêt.",
                       "Il pleut encore.",
                       "Désolé, une autre réunion a duré.",
                       "Mon train a eu du retard.",
                       "On déjeune à {time} ?",
                       "Je pars à {time}.",
                       "Merci pour la réponse rapide.",
                       "Pas de question pour moi.",
                       "Parfait, merci.",
                       "Il y a du gâteau en cuisine.",
                       "OK.",
                       "Oui.",
                       "C'est vrai.",
                       "Avec plaisir.",
                       "Ravi de le savoir."};
}

void add_requests(LanguagePack& pack) {
    pack.system = "Aujourd'hui : {today}. Jours suivants : {days}.";
    pack.members = "Membres :";
    pack.intro_ten = {"Voici les dix derniers messages de notre chat :", "Les dix derniers messages :"};
    pack.intro = {"Voici le chat du bureau :", "Lis ce chat, merci :", "Chat :"};
    pack.ask_summary = {"Résume le chat.",
                        "Peux-tu résumer cette conversation ?",
                        "De quoi parle ce chat ?",
                        "Écris un court résumé.",
                        "Un résumé, merci.",
                        "Je n'ai pas lu ce chat. Que s'est-il passé ?",
                        "Donne-moi les points importants du chat.",
                        "De quoi ont-ils parlé ?",
                        "Fais le résumé des dix derniers messages.",
                        "Résume ces messages, merci."};
    pack.ask_items = {"Liste les tâches.",
                      "Quelles sont les tâches ?",
                      "Qui doit faire quoi, et pour quand ?",
                      "Donne toutes les tâches avec la personne et la date.",
                      "Fais la liste des tâches.",
                      "Quelles tâches ont été décidées ?",
                      "Les tâches, merci.",
                      "Que faut-il faire, et qui le fait ?",
                      "Dresse la liste des tâches ouvertes.",
                      "Montre-moi les tâches de ce chat."};
    pack.ask_invite = {"Invite les gens à la réunion de suivi.",
                       "Crée la réunion dans le calendrier.",
                       "Envoie les invitations pour la réunion, merci.",
                       "Mets la réunion dans le calendrier.",
                       "Organise la réunion de suivi.",
                       "Planifie la réunion prévue.",
                       "Peux-tu créer la réunion et inviter les gens ?",
                       "Prépare une invitation pour la réunion.",
                       "Planifie la prochaine réunion, merci."};
    pack.ask_who = {"Qui va {task} ?", "Qui doit {task} ?", "Dis-moi qui doit {task}."};
    pack.ask_due = {"Pour quand faut-il {task} ?", "Quelle est la date limite pour {task} ?",
                    "Avant quelle date doivent-ils {task} ?", "Quand faut-il {task} ?"};
    pack.ask_owner = {"Que doit faire {name} ?", "Quelle est la tâche de {name} ?", "De quoi se charge {name} ?",
                      "Que fera {name} ?"};
    pack.ask_item = {"Quelle est la tâche {number} ?", "Donne la tâche {number}.",
                     "Que dit la tâche {number} de la liste ?"};
    pack.ask_wrote = {"Qui a écrit \"{text}\" ?", "De qui est le message \"{text}\" ?"};
    pack.ask_meeting = {"Quand a lieu la réunion ?", "Quand se retrouvent-ils ?", "À quelle heure est la réunion ?",
                        "Date et heure de la réunion ?", "Quand est la prochaine réunion ?"};
    pack.ask_people = {"Qui a participé au chat ?", "Liste les personnes du chat.", "Qui a écrit ?",
                       "Nomme tous les participants."};
    pack.ask_attendees = {"Qui est invité à la réunion ?", "Qui vient à la réunion ?", "Qui se retrouve ?",
                          "Qui sera à la prochaine réunion ?"};
    pack.ask_problem = {"Quel est le problème ?", "Quel problème a été signalé ?", "Y a-t-il un problème ?",
                        "Qu'est-ce qui ne va pas ?"};
    pack.ask_decision = {"Qu'ont-ils décidé ?", "Quelle est la décision ?", "Une décision a-t-elle été prise ?",
                         "Qu'est-ce qui est décidé ?"};
}

void add_rewrites(LanguagePack& pack) {
    pack.ask_shorter = {"Raccourcis ceci : \"{text}\"", "Rends ce message plus court : \"{text}\"",
                        "Écris cela en moins de mots : \"{text}\"", "Une version plus courte, merci : \"{text}\""};
    pack.ask_formal = {"Rends ceci plus formel : \"{text}\"", "Réécris ceci dans un style formel : \"{text}\"",
                       "Rends ce message poli : \"{text}\"", "Une version formelle, merci : \"{text}\""};
    pack.ask_date = {"Quelle est la date de {day} ?", "Quelle date tombe {day} ?"};
    pack.ask_other = {"Bonjour",
                      "Salut",
                      "Qui es-tu ?",
                      "Que sais-tu faire ?",
                      "Aide-moi",
                      "Raconte une blague.",
                      "Quelle est la capitale de la France ?",
                      "Quel temps fait-il ?",
                      "Comment vas-tu ?",
                      "Écris un poème.",
                      "Merci !",
                      "Comment tu t'appelles ?"};
    pack.wordy = {"Bonjour à tous, je voulais juste vous prévenir que je vais {task} {by}, et merci de votre patience.",
                  "J'y ai pensé longtemps, et je crois bien que je vais {task} {by}, si cela vous convient.",
                  "Désolé pour ce long silence, la bonne nouvelle est que je vais {task} {by}.",
                  "Pour que personne ne le demande encore, je répète que je vais {task} {by}, comme convenu."};
    pack.plain = "Je vais {task} {by}.";
    pack.casual = {"salut {first}, je vais {task} {by}, ok ?", "coucou {first} ! je vais {task} {by}, à plus",
                   "{first}, t'inquiète, je vais {task} {by} :)", "hé {first}, je vais {task} {by}, bises !"};
    pack.formal = "Bonjour {first},\nJe vous informe que je vais {task} {by}.\nCordialement";
}

void add_answers(LanguagePack& pack) {
    pack.title = "Suivi : {subject}, {day}";
    pack.says_topic = "Sujet : {subject}.";
    pack.says_problem = "Problème : {problem}.";
    pack.says_decision = "Décision : {decision}.";
    pack.says_meeting = "Prochaine réunion : {date} à {time}.";
    pack.says_no_meeting = "Aucune réunion n'est prévue.";
    pack.item_line = "{task} {by} : {name} ({date})";
    pack.says_unknown = "Le chat ne le dit pas.";
    pack.says_no_item = "Il n'y a pas de tâche {number}.";
    pack.says_created = "L'invitation est prête : {title}, {date} à {time}.\nInvités :\n{names}\nFichier : {file}";
    pack.says_failed = "La réunion n'a pas été créée : {error}";
    pack.says_other =
        "Je suis un tout petit modèle de démonstration. Donne-moi un chat de bureau : "
        "je peux le résumer, lister les tâches, planifier la réunion ou réécrire un message.";
}

LanguagePack make() {
    LanguagePack pack;
    pack.code = "fr";
    pack.english_name = "French";
    pack.weekdays = {"lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"};
    pack.first_names = latin_first_names(
        {"Alice",  "Bernard", "Camille", "Denis",  "Élise",   "Fabrice", "Gaëlle",  "Hugo",     "Inès",
         "Julien", "Karine",  "Louis",   "Manon",  "Nicolas", "Océane",  "Pierre",  "Quentin",  "Romain",
         "Sophie", "Thomas",  "Valérie", "Yves",   "Zoé",     "Chloé",   "Antoine", "Brigitte", "Claire",
         "Didier", "Émile",   "Farid",   "Jeanne", "Léa",     "Mathieu", "Noémie"},
        {"Aurélie", "Gaston", "Solange", "Thierry", "Capucine", "Édouard", "Mireille", "Rachid", "Bastien"});
    pack.last_names = latin_last_names(
        {"Martin",  "Bernard",  "Dubois",   "Thomas",  "Robert", "Richard", "Petit",    "Durand", "Leroy",  "Moreau",
         "Simon",   "Laurent",  "Michel",   "Garcia",  "David",  "Roux",    "Fournier", "Girard", "Bonnet", "Dupont",
         "Lambert", "Fontaine", "Rousseau", "Vincent", "Faure",  "Mercier", "Blanc",    "Guérin", "Boyer",  "Diallo"},
        {"Chevalier", "Perrin", "Marchand", "Lemoine", "Gauthier", "Delacroix", "Vasseur", "Charpentier"});
    pack.inventions = latin_inventions();
    pack.words = words();
    add_chat(pack);
    add_requests(pack);
    add_rewrites(pack);
    add_answers(pack);
    return pack;
}

}  // namespace

const LanguagePack& french_pack() {
    static const LanguagePack pack = make();
    return pack;
}

}  // namespace cria
