// The office world in Spanish.
#include "demo/language.h"
#include "demo/language_latin.h"

namespace cria {
namespace {

std::vector<WordClass> words() {
    return {
        {"project", {"{invention}"}},
        {"topic", {"{topic_head} {of}"}},
        {"topic_head",
         {"plan", "presupuesto", "proyecto", "curso", "concurso", "sitio", "catálogo", "contrato", "viaje", "evento"},
         {"festival", "torneo", "foro", "taller", "mercadillo"}},
        {"of",
         {"de precios",   "de clientes", "de almacén", "de ventas",    "de compras", "de personal", "de materiales",
          "de mercado",   "de red",      "de salas",   "de pruebas",   "de nóminas", "de calidad",  "de transporte",
          "de edificios", "de equipos",  "de jardín",  "de pan",       "de colores", "de vidrio",   "de madera",
          "de café",      "de cocina",   "de cuero",   "de luces",     "de leche",   "de muebles",  "de motores",
          "de música",    "de fruta",    "de papel",   "de caballos",  "de plantas", "de ruedas",   "de arena",
          "de barcos",    "de escuelas", "de deporte", "de calles",    "de té",      "de bosques",  "de mar",
          "de vino",      "de lana",     "de trenes",  "de ladrillos", "de techos",  "de hielo",    "de puerto",
          "de noche",     "de parques",  "de bicis",   "de danza",     "de torres",  "de lagos",    "de puentes",
          "de playas",    "de norte",    "de salud",   "de pagos"},
         {"de ventanas", "de peces", "de miel", "de queso", "de museos", "de rosas", "de sal", "de jabón",
          "de juguetes", "de alfombras", "de molinos", "de estaciones"}},
        {"doc_head",
         {"la lista", "la tabla", "el plan", "el informe", "el archivo", "la ficha", "el manual", "el contrato",
          "la carta", "la guía", "la factura", "el calendario", "el resumen", "el mapa", "la página", "el modelo"},
         {"el registro", "el folleto", "el recibo", "la receta", "la cuenta", "el esquema"}},
        {"doc",
         {"{doc_head} {of}", "{doc_head} {of}", "{doc_head} {of}", "{doc_head} {of} para {invention}",
          "{doc_head} {of} de {invention}"}},
        {"doc_verb",
         {"revisar", "enviar", "imprimir", "traducir", "terminar", "corregir", "compartir", "preparar", "copiar",
          "firmar", "leer", "completar", "ordenar", "publicar"}},
        {"contact",
         {"al banco", "al hotel", "al técnico", "a la fotógrafa", "a la directora", "al proveedor", "a la contable",
          "al servicio técnico", "al mensajero", "a la biblioteca", "al sindicato", "a la escuela", "al cocinero"},
         {"al florista", "a la notaria", "al jardinero", "a la embajada", "a los bomberos", "al cerrajero"}},
        {"contact_verb", {"llamar", "avisar", "preguntar", "pagar", "invitar", "escribir", "visitar"}},
        {"task",
         {"{doc_verb} {doc}", "{doc_verb} {doc}", "{doc_verb} {doc}", "{contact_verb} {contact}",
          "enviar {doc_head} {of} a {invention}", "reservar una sala en {invention}", "llamar a {invention}"}},
        {"trouble",
         {"llega tarde", "falta todavía", "cuesta demasiado", "no funciona", "no sirve", "necesita más tiempo",
          "contiene errores", "no sale bien"}},
        {"problem", {"{doc} {trouble}", "{doc} {trouble}", "{invention} no responde"}},
        {"decision_verb", {"mantener", "sustituir", "aplazar", "cambiar", "simplificar", "probar", "quitar"}},
        {"decision",
         {"{decision_verb} {doc}", "{decision_verb} {doc}", "trabajar con {invention}", "empezar sin {invention}"}},
    };
}

void add_chat(LanguagePack& pack) {
    pack.subject = "{topic} {project}";
    pack.by_day = "para el {day}";
    pack.by_date = "para el {day}";
    pack.on_day = "el {day}";
    pack.on_date = "el {day}";
    pack.opener = {"Hola a todos, hablamos del tema {subject}.", "Tema de hoy: {subject}.",
                   "¿Cómo vamos con el {subject}?", "Tenemos que hablar del {subject}.",
                   "Una ronda rápida sobre el {subject}, por favor."};
    pack.problem_said = {"Por desgracia, {problem}.", "Malas noticias: {problem}.", "El problema es que {problem}.",
                         "Un problema: {problem}."};
    pack.decision_said = {"Entonces está decidido: {decision}.", "Bien, vamos a {decision}, decidido.",
                          "Nuestra decisión: {decision}.", "De acuerdo, queremos {decision}, está decidido."};
    pack.take = {"Voy a {task} {by}", "Puedo {task} {by}", "Vale, voy a {task} {by}", "Mi parte: {task} {by}",
                 "Quiero {task} {by}"};
    pack.give = {"¿Puedes {task} {by}, {first}?", "¿Podrías {task} {by}, {first}?", "Tienes que {task} {by}, {first}.",
                 "Por favor, hay que {task} {by}, {first}."};
    pack.accept = {"Sí, lo hago yo.", "Claro, sin problema.", "Vale, así será.", "Bien, está en mi lista.",
                   "Sí, con gusto."};
    pack.meet = {"Nos vemos {on} a las {time}, {who}", "Reunión de seguimiento {on} a las {time}, {who}",
                 "Próxima reunión {on} a las {time}, {who}", "¿Podemos {on} a las {time}, {who}?"};
    pack.everybody = "todos nosotros";
    pack.only_some = "solo {names} y yo";
    pack.meet_agreed = {"Me viene bien.", "Bien, allí estaré.", "Perfecto para mí.", "Sí, es buena hora."};
    pack.meet_object = {"A las {time} no puedo, ¿puede ser a las {new_time}?", "Las {time} no, ¿mejor las {new_time}?"};
    pack.meet_moved = {"Vale, entonces {on} a las {new_time}, {who}",
                       "Sin problema, nos vemos {on} a las {new_time}, {who}",
                       "Bien, que sea {on} a las {new_time}, {who}"};
    pack.small_talk = {"¡Buenos días!",
                       "Hola a todos.",
                       "¡Gracias!",
                       "Buen trabajo, gracias.",
                       "Suena bien.",
                       "Estoy de acuerdo.",
                       "Buena idea.",
                       "El café está listo.",
                       "Llueve otra vez.",
                       "Perdón, estaba en otra llamada.",
                       "Mi tren llegó tarde hoy.",
                       "¿Comemos a las {time}?",
                       "Salgo a las {time}.",
                       "Gracias por la respuesta rápida.",
                       "Ninguna pregunta por mi parte.",
                       "Perfecto, gracias.",
                       "Hay tarta en la cocina.",
                       "OK.",
                       "Sí.",
                       "Es verdad.",
                       "De nada.",
                       "Me alegro."};
}

void add_requests(LanguagePack& pack) {
    pack.system = "Hoy es {today}. Próximos días: {days}.";
    pack.members = "Miembros:";
    pack.intro_ten = {"Estos son los últimos diez mensajes de nuestro chat:", "Los últimos diez mensajes:"};
    pack.intro = {"Este es el chat de la oficina:", "Lee este chat, por favor:", "Chat:"};
    pack.ask_summary = {"Resume el chat.",
                        "¿Puedes resumir esta conversación?",
                        "¿De qué trata este chat?",
                        "Escribe un resumen corto.",
                        "Un resumen, por favor.",
                        "No leí el chat. ¿Qué pasó?",
                        "Dame los puntos importantes del chat.",
                        "¿De qué han hablado?",
                        "Haz un resumen de los últimos mensajes.",
                        "Resume estos mensajes, por favor."};
    pack.ask_items = {"Enumera las tareas.",
                      "¿Cuáles son las tareas?",
                      "¿Quién tiene que hacer qué, y para cuándo?",
                      "Dame todas las tareas con persona y fecha.",
                      "Haz la lista de tareas.",
                      "¿Qué tareas se acordaron?",
                      "Las tareas, por favor.",
                      "¿Qué hay que hacer, y quién lo hace?",
                      "Prepara una lista de las tareas abiertas.",
                      "Muéstrame las tareas de este chat."};
    pack.ask_invite = {"Invita a la gente a la reunión.",
                       "Crea la reunión en el calendario.",
                       "Envía las invitaciones para la reunión, por favor.",
                       "Pon la reunión en el calendario.",
                       "Organiza la próxima reunión.",
                       "Fija la reunión acordada.",
                       "¿Puedes crear la reunión e invitar a la gente?",
                       "Prepara una invitación para la reunión.",
                       "Fija la reunión de seguimiento, por favor."};
    pack.ask_who = {"¿Quién va a {task}?", "¿Quién tiene que {task}?", "Dime quién debe {task}.",
                    "¿A quién le toca {task}?"};
    pack.ask_due = {"¿Para cuándo hay que {task}?", "¿Cuál es el plazo para {task}?", "¿Para qué fecha deben {task}?",
                    "¿Hasta cuándo hay tiempo para {task}?"};
    pack.ask_owner = {"¿Qué tiene que hacer {name}?", "¿Cuál es la tarea de {name}?", "¿De qué se encarga {name}?",
                      "¿Qué va a hacer {name}?"};
    pack.ask_item = {"¿Cuál es la tarea {number}?", "Dime la tarea {number}.",
                     "¿Qué dice la tarea {number} de la lista?"};
    pack.ask_wrote = {"¿Quién escribió \"{text}\"?", "¿De quién es el mensaje \"{text}\"?"};
    pack.ask_meeting = {"¿Cuándo es la reunión?", "¿Cuándo se ven?", "¿A qué hora es la reunión?",
                        "¿Fecha y hora de la reunión?", "¿Cuándo es la próxima reunión?"};
    pack.ask_people = {"¿Quién participó en el chat?", "Enumera las personas del chat.", "¿Quién ha escrito?",
                       "Nombra a todos los participantes."};
    pack.ask_attendees = {"¿Quién está invitado a la reunión?", "¿Quién viene a la reunión?", "¿Quién se reúne?",
                          "¿Quién estará en la próxima reunión?"};
    pack.ask_problem = {"¿Cuál es el problema?", "¿Qué problema se mencionó?", "¿Hay algún problema?", "¿Qué va mal?"};
    pack.ask_decision = {"¿Qué se decidió?", "¿Cuál es la decisión?", "¿Tomaron una decisión?", "¿Qué han decidido?"};
}

void add_rewrites(LanguagePack& pack) {
    pack.ask_shorter = {"Acorta esto: \"{text}\"", "Haz este mensaje más corto: \"{text}\"",
                        "Escríbelo con menos palabras: \"{text}\"", "Una versión más corta, por favor: \"{text}\""};
    pack.ask_formal = {"Haz esto más formal: \"{text}\"", "Reescribe esto en estilo formal: \"{text}\"",
                       "Haz cortés este mensaje: \"{text}\"", "Una versión formal, por favor: \"{text}\""};
    pack.ask_date = {"¿Qué fecha es el {day}?", "¿Cuál es la fecha del {day}?"};
    pack.ask_other = {"Hola",
                      "Buenos días",
                      "¿Quién eres?",
                      "¿Qué sabes hacer?",
                      "Ayuda",
                      "Cuéntame un chiste.",
                      "¿Cuál es la capital de Francia?",
                      "¿Qué tiempo hace?",
                      "¿Cómo estás?",
                      "Escribe un poema.",
                      "¡Gracias!",
                      "¿Cómo te llamas?"};
    pack.wordy = {"Hola a todos, solo quería deciros que voy a {task} {by}, y muchas gracias por la paciencia.",
                  "Lo he pensado mucho, y por lo que veo voy a {task} {by}, si os parece bien a todos.",
                  "Perdón por el largo silencio, la buena noticia es que voy a {task} {by}.",
                  "Para que nadie tenga que preguntar otra vez, repito que voy a {task} {by}, como dijimos."};
    pack.plain = "Voy a {task} {by}.";
    pack.casual = {"oye {first}, voy a {task} {by}, ¿vale?", "hola {first}! voy a {task} {by}, nos vemos",
                   "{first}, tranqui, voy a {task} {by} :)", "eh {first}, voy a {task} {by}, ¡chao!"};
    pack.formal = "Buenos días, {first}:\nLe informo de que voy a {task} {by}.\nAtentamente";
}

void add_answers(LanguagePack& pack) {
    pack.title = "Seguimiento: {subject}, {day}";
    pack.says_topic = "Tema: {subject}.";
    pack.says_problem = "Problema: {problem}.";
    pack.says_decision = "Decisión: {decision}.";
    pack.says_meeting = "Próxima reunión: {date} a las {time}.";
    pack.says_no_meeting = "No hay ninguna reunión prevista.";
    pack.item_line = "{task} {by}: {name} ({date})";
    pack.says_unknown = "El chat no lo dice.";
    pack.says_no_item = "No hay ninguna tarea {number}.";
    pack.says_created = "La invitación está lista: {title}, {date} a las {time}.\nInvitados:\n{names}\nArchivo: {file}";
    pack.says_failed = "La reunión no se ha creado: {error}";
    pack.says_other =
        "Soy un modelo de demostración muy pequeño. Pega un chat de oficina: "
        "puedo resumirlo, enumerar las tareas, fijar la reunión o reescribir un mensaje.";
}

LanguagePack make() {
    LanguagePack pack;
    pack.code = "es";
    pack.english_name = "Spanish";
    pack.weekdays = {"lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"};
    pack.first_names = latin_first_names(
        {"Ana",    "Beatriz", "Carlos", "Diego",  "Elena",  "Fernando", "Gloria", "Hugo",   "Inés",
         "Javier", "Lucía",   "Miguel", "Nuria",  "Óscar",  "Pablo",    "Raquel", "Sergio", "Teresa",
         "Víctor", "Yolanda", "Jorge",  "Marta",  "Rosa",   "Luis",     "Pilar",  "Manuel", "Andrés",
         "Sofía",  "Laura",   "Julio",  "Carmen", "Rafael", "Silvia",   "Tomás"},
        {"Gonzalo", "Paloma", "Ignacio", "Ximena", "Leandro", "Mercedes", "Ramiro", "Azucena", "Esteban"});
    pack.last_names = latin_last_names(
        {"García", "Martínez", "López",  "Sánchez", "Pérez", "Gómez",    "Díaz",   "Muñoz",  "Álvarez",  "Romero",
         "Alonso", "Navarro",  "Torres", "Ramos",   "Gil",   "Serrano",  "Blanco", "Molina", "Morales",  "Suárez",
         "Ortega", "Castro",   "Rubio",  "Marín",   "Sanz",  "Iglesias", "Medina", "Cortés", "Castillo", "Santos"},
        {"Quintana", "Herrero", "Villanueva", "Carrasco", "Espinosa", "Figueroa", "Zamora", "Pacheco"});
    pack.inventions = latin_inventions();
    pack.words = words();
    add_chat(pack);
    add_requests(pack);
    add_rewrites(pack);
    add_answers(pack);
    return pack;
}

}  // namespace

const LanguagePack& spanish_pack() {
    static const LanguagePack pack = make();
    return pack;
}

}  // namespace cria
