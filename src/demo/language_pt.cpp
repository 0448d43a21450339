// The office world in Portuguese.
#include "demo/language.h"
#include "demo/language_latin.h"

namespace cria {
namespace {

std::vector<WordClass> words() {
    return {
        {"project", {"{invention}"}},
        {"topic", {"{topic_head} {of}"}},
        {"topic_head",
         {"plano", "orçamento", "projeto", "curso", "concurso", "site", "catálogo", "contrato", "evento", "relatório"},
         {"festival", "torneio", "fórum", "desfile", "seminário"}},
        {"of",
         {"de preços",  "de clientes", "de estoque",    "de vendas",  "de compras",  "de pessoal",   "de materiais",
          "de mercado", "de rede",     "de salas",      "de testes",  "de salários", "de qualidade", "de transporte",
          "de prédios", "de equipes",  "de jardim",     "de pão",     "de cores",    "de vidro",     "de madeira",
          "de café",    "de cozinha",  "de couro",      "de luzes",   "de leite",    "de móveis",    "de motores",
          "de música",  "de frutas",   "de papel",      "de cavalos", "de plantas",  "de pneus",     "de areia",
          "de barcos",  "de escolas",  "de esporte",    "de ruas",    "de chá",      "de bosques",   "de mar",
          "de vinho",   "de lã",       "de trens",      "de tijolos", "de telhados", "de gelo",      "de porto",
          "de noite",   "de parques",  "de bicicletas", "de dança",   "de torres",   "de lagos",     "de pontes",
          "de praias",  "de saúde",    "de pagamentos", "de viagens"},
         {"de janelas", "de peixes", "de mel", "de queijo", "de museus", "de rosas", "de sal", "de sabão",
          "de brinquedos", "de tapetes", "de moinhos", "de estações"}},
        {"doc_head",
         {"a lista", "a tabela", "o plano", "o relatório", "o arquivo", "a ficha", "o manual", "o contrato", "a carta",
          "o guia", "a fatura", "o calendário", "o resumo", "o mapa", "a página", "o modelo"},
         {"o registro", "o folheto", "o recibo", "a planilha", "a conta", "o esquema"}},
        {"doc",
         {"{doc_head} {of}", "{doc_head} {of}", "{doc_head} {of}", "{doc_head} {of} para {invention}",
          "{doc_head} {of} de {invention}"}},
        {"doc_verb",
         {"verificar", "enviar", "imprimir", "traduzir", "terminar", "corrigir", "compartilhar", "preparar", "copiar",
          "assinar", "ler", "completar", "ordenar", "publicar"}},
        {"contact",
         {"o banco", "o hotel", "o técnico", "a fotógrafa", "a diretora", "o fornecedor", "a contadora", "o síndico",
          "o entregador", "a biblioteca", "o sindicato", "a escola", "o cozinheiro"},
         {"o florista", "o tabelião", "o jardineiro", "a embaixada", "os bombeiros", "o chaveiro"}},
        {"contact_verb", {"chamar", "avisar", "consultar", "pagar", "convidar", "lembrar", "visitar"}},
        {"task",
         {"{doc_verb} {doc}", "{doc_verb} {doc}", "{doc_verb} {doc}", "{contact_verb} {contact}",
          "enviar {doc_head} {of} para {invention}", "reservar uma sala em {invention}", "ligar para {invention}"}},
        {"trouble",
         {"está com atraso", "ainda falta", "custa demais", "não funciona", "não serve", "precisa de mais tempo",
          "tem erros", "chega tarde"}},
        {"problem", {"{doc} {trouble}", "{doc} {trouble}", "{invention} não responde"}},
        {"decision_verb", {"manter", "substituir", "adiar", "mudar", "simplificar", "testar", "tirar"}},
        {"decision",
         {"{decision_verb} {doc}", "{decision_verb} {doc}", "trabalhar com {invention}", "começar sem {contact}"}},
    };
}

void add_chat(LanguagePack& pack) {
    pack.subject = "{topic} {project}";
    pack.by_day = "até {day}";
    pack.by_date = "até {day}";
    pack.on_day = "na {day}";
    pack.on_date = "em {day}";
    pack.opener = {"Olá a todos, vamos falar do tema {subject}.", "Tema de hoje: {subject}.",
                   "Como estamos com o {subject}?", "Precisamos falar do {subject}.",
                   "Uma rodada rápida sobre o {subject}, por favor."};
    pack.problem_said = {"Infelizmente, {problem}.", "Más notícias: {problem}.", "O problema é que {problem}.",
                         "Um problema: {problem}."};
    pack.decision_said = {"Então está decidido: {decision}.", "Bem, vamos {decision}, decidido.",
                          "Nossa decisão: {decision}.", "De acordo, queremos {decision}, está decidido."};
    pack.take = {"Vou {task} {by}", "Posso {task} {by}", "Certo, vou {task} {by}", "Minha parte: {task} {by}",
                 "Quero {task} {by}"};
    pack.give = {"Você pode {task} {by}, {first}?", "Poderia {task} {by}, {first}?",
                 "Você precisa {task} {by}, {first}.", "Por favor, é preciso {task} {by}, {first}."};
    pack.accept = {"Sim, eu faço.", "Claro, sem problema.", "Certo, assim será.", "Bom, está na minha lista.",
                   "Sim, com prazer."};
    pack.meet = {"Vamos nos reunir {on} às {time}, {who}", "Reunião de acompanhamento {on} às {time}, {who}",
                 "Próxima reunião {on} às {time}, {who}", "Podemos {on} às {time}, {who}?"};
    pack.everybody = "todos nós";
    pack.only_some = "só {names} e eu";
    pack.meet_agreed = {"Para mim está bom.", "Bom, estarei lá.", "Perfeito para mim.", "Sim, é um bom horário."};
    pack.meet_object = {"Às {time} não posso, pode ser às {new_time}?", "{time} é ruim para mim, que tal {new_time}?"};
    pack.meet_moved = {"Certo, então {on} às {new_time}, {who}", "Sem problema, nos vemos {on} às {new_time}, {who}",
                       "Bom, fica {on} às {new_time}, {who}"};
    pack.small_talk = {"Bom dia!",
                       "Olá a todos.",
                       "Muito bem!",
                       "Bom trabalho, valeu.",
                       "Parece bom.",
                       "Concordo.",
                       "Boa ideia.",
                       "O café está pronto.",
                       "Está chovendo de novo.",
                       "Desculpem, eu estava em outra reunião.",
                       "Meu trem atrasou hoje.",
                       "Almoço às {time}?",
                       "Saio às {time}.",
                       "Que resposta rápida!",
                       "Nenhuma pergunta da minha parte.",
                       "Perfeito.",
                       "Tem bolo na cozinha.",
                       "OK.",
                       "Sim.",
                       "É verdade.",
                       "De nada.",
                       "Que bom ouvir isso."};
}

void add_requests(LanguagePack& pack) {
    pack.system = "Hoje é {today}. Próximos dias: {days}.";
    pack.members = "Membros:";
    pack.intro_ten = {"Estas são as últimas dez mensagens do nosso chat:", "As últimas dez mensagens:"};
    pack.intro = {"Este é o chat do escritório:", "Leia este chat, por favor:", "Chat:"};
    pack.ask_summary = {"Resuma o chat.",
                        "Você pode resumir esta conversa?",
                        "Sobre o que é este chat?",
                        "Escreva um resumo curto.",
                        "Um resumo, por favor.",
                        "Não li o chat. O que aconteceu?",
                        "Quais são os pontos importantes do chat?",
                        "Sobre o que eles falaram?",
                        "Faça um resumo das últimas mensagens.",
                        "Resuma estas mensagens, por favor."};
    pack.ask_items = {"Liste as tarefas.",
                      "Quais são as tarefas?",
                      "Quem precisa fazer o quê, e até quando?",
                      "Mostre todas as tarefas com pessoa e data.",
                      "Faça a lista de tarefas.",
                      "Que tarefas foram combinadas?",
                      "As tarefas, por favor.",
                      "O que é preciso fazer, e quem faz?",
                      "Prepare uma lista das tarefas abertas.",
                      "Mostre as tarefas deste chat."};
    pack.ask_invite = {"Convide as pessoas para a reunião.",
                       "Crie a reunião no calendário.",
                       "Envie os convites para a reunião, por favor.",
                       "Coloque a reunião no calendário.",
                       "Organize a próxima reunião.",
                       "Marque a reunião combinada.",
                       "Você pode criar a reunião e convidar as pessoas?",
                       "Prepare um convite para a reunião.",
                       "Marque a reunião de acompanhamento, por favor."};
    pack.ask_who = {"Quem vai {task}?", "Quem precisa {task}?", "Diga quem deve {task}.", "Quem ficou de {task}?"};
    pack.ask_due = {"Até quando é preciso {task}?", "Qual é o prazo para {task}?", "Até que data eles devem {task}?",
                    "Até quando há tempo para {task}?"};
    pack.ask_owner = {"O que {name} precisa fazer?", "Qual é a tarefa de {name}?", "Do que {name} cuida?",
                      "O que {name} vai fazer?"};
    pack.ask_item = {"Qual é a tarefa {number}?", "Diga a tarefa {number}.", "O que diz a tarefa {number} da lista?"};
    pack.ask_wrote = {"Quem escreveu \"{text}\"?", "De quem é a mensagem \"{text}\"?"};
    pack.ask_meeting = {"Quando é a reunião?", "Quando eles se encontram?", "A que horas é a reunião?",
                        "Data e hora da reunião?", "Quando é a próxima reunião?"};
    pack.ask_people = {"Quem participou do chat?", "Liste as pessoas do chat.", "Quem escreveu?",
                       "Diga o nome de todos os participantes."};
    pack.ask_attendees = {"Quem foi convidado para a reunião?", "Quem vem à reunião?", "Quem vai se reunir?",
                          "Quem estará na próxima reunião?"};
    pack.ask_problem = {"Qual é o problema?", "Que problema foi citado?", "Existe algum problema?",
                        "O que deu errado?"};
    pack.ask_decision = {"O que foi decidido?", "Qual é a decisão?", "Eles tomaram uma decisão?",
                         "O que eles decidiram?"};
}

void add_rewrites(LanguagePack& pack) {
    pack.ask_shorter = {"Encurte isto: \"{text}\"", "Deixe esta mensagem mais curta: \"{text}\"",
                        "Escreva com menos palavras: \"{text}\"", "Uma versão mais curta, por favor: \"{text}\""};
    pack.ask_formal = {"Deixe isto mais formal: \"{text}\"", "Reescreva em estilo formal: \"{text}\"",
                       "Deixe esta mensagem educada: \"{text}\"", "Uma versão formal, por favor: \"{text}\""};
    pack.ask_date = {"Que data é {day}?", "Qual é a data de {day}?"};
    pack.ask_other = {"Olá",
                      "Bom dia",
                      "Quem é você?",
                      "O que você sabe fazer?",
                      "Ajuda",
                      "Conte uma piada.",
                      "Qual é a capital da França?",
                      "Como está o tempo?",
                      "Como vai?",
                      "Escreva um poema.",
                      "Obrigado!",
                      "Qual é o seu nome?"};
    pack.wordy = {"Olá a todos, eu só queria avisar que vou {task} {by}, e agradeço muito a paciência.",
                  "Pensei bastante nisso, e pelo que vejo vou {task} {by}, se estiver bom para todos.",
                  "Desculpem o longo silêncio, a boa notícia é que vou {task} {by}.",
                  "Para ninguém precisar perguntar de novo, repito que vou {task} {by}, como combinado."};
    pack.plain = "Vou {task} {by}.";
    pack.casual = {"oi {first}, vou {task} {by}, tá?", "e aí {first}! vou {task} {by}, até mais",
                   "{first}, fica em paz, vou {task} {by} :)", "opa {first}, vou {task} {by}, tchau!"};
    pack.formal = "Bom dia, {first}.\nInformo que vou {task} {by}.\nAtenciosamente";
}

void add_answers(LanguagePack& pack) {
    pack.title = "Acompanhamento: {subject}, {day}";
    pack.says_topic = "Tema: {subject}.";
    pack.says_problem = "Problema: {problem}.";
    pack.says_decision = "Decisão: {decision}.";
    pack.says_meeting = "Próxima reunião: {date} às {time}.";
    pack.says_no_meeting = "Nenhuma reunião foi marcada.";
    pack.item_line = "{task} {by}: {name} ({date})";
    pack.says_unknown = "O chat não diz.";
    pack.says_no_item = "Não há nenhuma tarefa {number}.";
    pack.says_created = "O convite está pronto: {title}, {date} às {time}.\nConvidados:\n{names}\nArquivo: {file}";
    pack.says_failed = "A reunião não foi criada: {error}";
    pack.says_other =
        "Sou um pequeno modelo de demonstração. Cole um chat de escritório: "
        "posso resumir, listar as tarefas, marcar a reunião ou reescrever uma mensagem.";
}

LanguagePack make() {
    LanguagePack pack;
    pack.code = "pt";
    pack.english_name = "Portuguese";
    pack.weekdays = {"segunda-feira", "terça-feira", "quarta-feira", "quinta-feira",
                     "sexta-feira",   "sábado",      "domingo"};
    pack.first_names = latin_first_names(
        {"Ana",    "Bruno",   "Carla", "Diogo",   "Elisa",  "Fábio",  "Gabriela", "Heitor", "Isabel",
         "João",   "Kátia",   "Lucas", "Mariana", "Nuno",   "Olívia", "Pedro",    "Renata", "Sérgio",
         "Tânia",  "Vítor",   "Rui",   "Sofia",   "Tiago",  "Paula",  "Marcos",   "Luísa",  "Joana",
         "Rafael", "Beatriz", "Caio",  "Helena",  "Miguel", "Sílvia", "André"},
        {"Anselmo", "Graça", "Leonor", "Otávio", "Priscila", "Valdir", "Matilde", "Evaristo", "Noémia"});
    pack.last_names = latin_last_names(
        {"Silva",   "Santos",     "Oliveira", "Souza",     "Pereira",  "Costa",   "Rodrigues", "Almeida",
         "Nunes",   "Lima",       "Araújo",   "Fernandes", "Carvalho", "Gomes",   "Martins",   "Rocha",
         "Ribeiro", "Alves",      "Monteiro", "Mendes",    "Barros",   "Freitas", "Barbosa",   "Pinto",
         "Moura",   "Cavalcanti", "Dias",     "Castro",    "Campos",   "Cardoso"},
        {"Teixeira", "Figueiredo", "Sampaio", "Guimarães", "Azevedo", "Macedo", "Queiroz", "Brandão"});
    pack.inventions = latin_inventions();
    pack.words = words();
    add_chat(pack);
    add_requests(pack);
    add_rewrites(pack);
    add_answers(pack);
    return pack;
}

}  // namespace

const LanguagePack& portuguese_pack() {
    static const LanguagePack pack = make();
    return pack;
}

}  // namespace cria
