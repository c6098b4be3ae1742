/* The demonstration's texts (demo_data.h). Portuguese, as such a business writes. */
#include "server/demo_data.h"

#include <stddef.h>

const char *const demo_first_names[] = {
    "Beatriz",  "Ícaro",    "Marcos",  "Rogério",  "Célia",   "Priscila", "Letícia",  "Sérgio",
    "Fernando", "Carolina", "Juliana", "Rafael",   "Camila",  "Thiago",   "Patrícia", "Gustavo",
    "Larissa",  "Eduardo",  "Aline",   "Bruno",    "Vanessa", "Felipe",   "Tatiane",  "Rodrigo",
    "Simone",   "André",    "Mariana", "Leonardo", "Renata",  "Vinícius", "Débora",   "Caio",
    "Luana",    "Otávio",   "Elaine",  "Murilo",   "Sabrina", "Daniel",   "Cláudia",  "Igor",
    "Natália",  "Fábio",    "Isabela", "Henrique", "Regina",  "Matheus",  "Helena",   "Paulo",
    "Adriana",  "João",     NULL};

const char *const demo_last_names[] = {
    "Carvalho", "Menezes", "Vidigal", "Almeida",  "Batista", "Nakamura", "Moura",      "Tavares",
    "Lopes",    "Esteves", "Souza",   "Oliveira", "Lima",    "Pereira",  "Costa",      "Ribeiro",
    "Martins",  "Araújo",  "Barbosa", "Rocha",    "Dias",    "Nunes",    "Cavalcanti", "Freitas",
    "Monteiro", "Correia", "Pinto",   "Teixeira", "Farias",  "Azevedo",  "Brandão",    "Siqueira",
    "Queiroz",  "Assis",   "Prado",   "Yamamoto", "Bastos",  "Coelho",   NULL};

const char *const demo_pets[] = {"Thor",  "Mel",    "Luna", "Bob",  "Nina",  "Fred",    "Amora",
                                 "Simba", "Pipoca", "Max",  "Lola", "Chico", "Belinha", "Zeca",
                                 "Frida", "Paçoca", "Toby", "Jade", "Bento", "Cacau",   NULL};

const char *const demo_breeds[] = {
    "Golden retriever", "Vira-lata",     "Shih-tzu",   "Gato siamês", "Poodle",
    "Gato persa",       "Labrador",      "Lhasa apso", "Pug",         "Gato sem raça definida",
    "Yorkshire",        "Border collie", NULL};

const char *const demo_notes[4] = {
    ("Prefere ser atendida pela Dra. Camila. Portão dos fundos por causa do cachorro, que puxa a "
     "guia."),
    "Paga sempre no Pix. Pedir o comprovante antes de liberar a entrega.",
    "Tem dois pets, só um no plano. Oferecer o segundo com desconto.",
    "Não ligar depois das 18h, prefere mensagem.",
};

const char *const demo_teams[][2] = {{"Recepção", "#5a4fd6"},
                                     {"Clínica", "#17734a"},
                                     {"Loja", "#875400"},
                                     {"Financeiro", "#1b64a9"},
                                     {NULL, NULL}};

const char *const demo_tags[][2] = {{"Plano Essencial", "#5a4fd6"},
                                    {"Retorno", "#1b64a9"},
                                    {"Banho e tosa", "#0d7f86"},
                                    {"Vacina", "#17734a"},
                                    {"Entrega", "#875400"},
                                    {"Filhote", "#c92b73"},
                                    {NULL, NULL}};

const struct demo_agent demo_agents[] = {
    {"Marina Duarte", "marina@quintal.example", "owner", {"Recepção", "Clínica", NULL}},
    {"Tiago Ramos", "tiago@quintal.example", "manager", {"Recepção", "Loja", NULL}},
    {"Renata Prado", "renata@quintal.example", "admin", {"Financeiro", NULL, NULL}},
    {"Camila Sato", "camila@quintal.example", "agent", {"Clínica", NULL, NULL}},
    {"Bruno Teles", "bruno@quintal.example", "agent", {"Loja", "Recepção", NULL}},
    {"Aline Moraes", "aline@quintal.example", "agent", {"Recepção", NULL, NULL}},
    {NULL, NULL, NULL, {NULL, NULL, NULL}},
};

const struct demo_shortcut demo_shortcuts[] = {
    {"horario", "Horário de funcionamento",
     "Atendemos de segunda a sábado, das 8h às 19h, na R. Cônego Eugênio Leite, 214, Pinheiros."},
    {"jejum", "Orientações de jejum",
     "{{customer.firstName}}, para o exame é preciso jejum de 8 horas de comida. Água pode até 2 "
     "horas antes."},
    {"pix", "Chave Pix",
     "Nossa chave Pix é o CNPJ 12.345.678/0001-90, em nome de Quintal da Lola. Depois é só mandar "
     "o comprovante por aqui."},
    {"banho", "Preços de banho",
     "O banho custa a partir de R$ 75,00, conforme o porte e a pelagem. Quer que eu veja um "
     "horário?"},
    {"vacinas", "Vacinas",
     "V10 por R$ 98,00 e antirrábica por R$ 75,00, com a consulta de avaliação incluída."},
    {"retorno", "Retorno",
     "{{greeting}}, {{customer.firstName}}! Passando para saber como foi a recuperação. Está tudo "
     "bem?"},
    {NULL, NULL, NULL},
};

#define L(name, ...) static const struct demo_line name[] = {__VA_ARGS__, {0, 0, NULL}}

L(bath, {'c', 0, "Oi! Vocês têm horário para banho e tosa no sábado?"},
  {'a', 140, "Oi, {name}! Temos sábado às 9h30 ou às 14h. Qual fica melhor?"},
  {'c', 75, "9h30 é perfeito. É para o {pet}"},
  {'a', 60, "Anotado: {pet}, sábado às 9h30. Prefere tosa higiênica ou completa?"},
  {'c', 90, "Higiênica. Ele tem alergia a perfume, pode ser sem?"},
  {'n', 20, "Banho sem perfume, avisei a equipe da tosa."},
  {'a', 45, "Claro! Deixei anotado na ficha: sem perfume. Até sábado!"}, {'c', 40, "Obrigada!! 🐶"});
L(vaccine, {'c', 0, "Bom dia, quanto custa a vacina V10?"},
  {'a', 95, "Bom dia, {name}! A V10 está R$ 98,00, com a avaliação do veterinário incluída."},
  {'c', 180, "E precisa agendar?"},
  {'a', 50, "Precisa sim, para não esperar. Amanhã temos 10h e 16h20."},
  {'c', 240, "16h20 então. O {pet} tem 4 meses, é a terceira dose"},
  {'a', 80, "Perfeito! Traga a carteirinha, por favor. Agendado para amanhã às 16h20."},
  {'c', 30, "Combinado"});
L(sick, {'c', 0, "Gente, o {pet} vomitou duas vezes de madrugada e não quer comer. O que eu faço?"},
  {'c', 25, "Ele está bebendo água pelo menos"},
  {'a', 55, "Oi, {name}. Entendo a preocupação. Ele está apático ou com a barriga inchada?"},
  {'c', 60, "Apático sim, só quer ficar deitado"},
  {'n', 30, "Dra. Camila, consegue encaixar? Parece gastroenterite, sem sinal de torção."},
  {'a', 120, "Conseguimos um encaixe às 11h20 com a Dra. Camila. Você consegue trazer?"},
  {'c', 45, "Consigo, saio daqui em 10 minutos"},
  {'a', 30, "Ótimo. Não dê comida até lá, só água aos poucos. Estamos esperando vocês."},
  {'c', 14400, "Voltando pra agradecer, já está bem melhor!"},
  {'a', 300, "Que notícia boa! Qualquer coisa é só chamar aqui."});
L(order, {'c', 0, "Boa tarde! Vocês entregam ração em Perdizes?"},
  {'a', 200, "Boa tarde, {name}! Entregamos sim, grátis acima de R$ 150,00."},
  {'c', 60, "Quero a Golden 15 kg adulto. Chega hoje?"},
  {'a', 90, "A Golden de 15 kg está R$ 249,90. Pedindo até as 15h chega hoje."},
  {'c', 50, "Pode mandar. Pago no Pix"},
  {'a', 70, "Perfeito. Nossa chave é o CNPJ 12.345.678/0001-90. Assim que cair eu separo."},
  {'c', 300, "Paguei, confere aí por favor"},
  {'a', 120, "Recebido! Sai na rota das 16h, chega até 18h."},
  {'c', 9000, "Chegou certinho, obrigado"});
L(invoice, {'c', 0, "Olá, preciso da nota fiscal da consulta do dia 3"},
  {'a', 900, "Olá, {name}! Me passa o CPF que está no cadastro, por favor?"},
  {'c', 400, "É o mesmo da ficha, no nome de {name}"},
  {'a', 600, "Encontrei. Enviei a nota para o seu e-mail agora."},
  {'c', 1200, "Recebi, muito obrigado"});
L(plan, {'c', 0, "Queria entender o plano de saúde de vocês"},
  {'a', 150,
   "Oi, {name}! O Plano Essencial sai R$ 89,90 por mês: consultas, vacinas e 20% nos exames."},
  {'c', 300, "Tem carência?"},
  {'a', 100, "Só 30 dias para cirurgias. Consultas e vacinas valem desde o primeiro dia."},
  {'c', 700, "E para dois gatos?"},
  {'a', 160, "O segundo pet tem 15% de desconto: ficaria R$ 166,31 os dois."},
  {'c', 200, "Gostei, vou falar com minha esposa e volto"},
  {'n', 40, "Lead quente, ligar na quinta se não voltar."},
  {'a', 60, "Combinado! Deixo a proposta guardada até sexta."});
L(hours, {'c', 0, "Vocês abrem no feriado?"},
  {'a', 180, "Oi! No feriado abrimos das 9h às 13h, só a loja e as emergências."},
  {'c', 90, "Beleza, obrigado"});
L(reschedule, {'c', 0, "Preciso remarcar a consulta do {pet} de amanhã"},
  {'a', 240, "Claro, {name}. Quinta às 15h ou sexta às 10h servem?"}, {'c', 600, "Sexta às 10h"},
  {'a', 90, "Remarcado para sexta, às 10h, com a Dra. Camila. Até lá!"},
  {'c', 60, "Valeu demais 🙏"});
L(exam, {'c', 0, "O resultado do exame do {pet} já saiu?"},
  {'a', 500,
   "Oi, {name}! Saiu agora há pouco. Está tudo dentro do esperado, a Dra. Camila explica no "
   "retorno."},
  {'c', 120, "Ufa! Pode me mandar o PDF?"}, {'a', 200, "Posso sim, acabei de enviar por e-mail."},
  {'c', 90, "Chegou. Obrigada pela atenção de sempre"});
L(price, {'c', 0, "Qual o valor do banho para gato?"},
  {'a', 130, "Oi! Para gato de pelo curto R$ 85,00 e de pelo longo R$ 110,00."},
  {'c', 60, "Nossa, está caro. Obrigado"},
  {'a', 50, "Entendo! Às terças temos 20% de desconto, se quiser aproveitar."},
  {'c', 400, "Vou pensar"});
L(missing, {'c', 0, "Oi"}, {'a', 60, "Oi! Aqui é {agent}, do Quintal da Lola. Como posso ajudar?"},
  {'a', 86000, "Ainda precisa de ajuda? Fico por aqui."});
L(hotel, {'c', 0, "Vocês têm hotelzinho? Vou viajar do dia 10 ao dia 17"},
  {'a', 220, "Oi, {name}! Temos sim: R$ 95,00 a diária, com passeio duas vezes por dia."},
  {'c', 150, "O {pet} toma remédio de manhã, vocês dão?"},
  {'a', 70, "Damos, sem custo. É só trazer com a receita."}, {'c', 400, "Então reserva, por favor"},
  {'a', 120, "Reservado do dia 10 ao 17. Peço só a carteirinha de vacinas em dia na entrada."},
  {'c', 80, "Ok!!"});
L(flea, {'c', 0, "Boa noite, qual antipulgas vocês indicam para 25 kg?"},
  {'a', 39000,
   "Bom dia, {name}! Para 25 kg o Bravecto de 20 a 40 kg, R$ 119,90, protege 12 semanas."},
  {'c', 500, "Pode separar um, passo aí na hora do almoço"},
  {'a', 60, "Separado no seu nome no balcão."});
L(complaint, {'c', 0, "Estou chateada. O {pet} voltou do banho com a orelha machucada"},
  {'a', 65, "{name}, sinto muito. Pode me mandar uma foto? Já estou chamando a responsável."},
  {'c', 120, "É um cortinho, mas ele está com dor"},
  {'n', 30, "Conferi a câmera: aconteceu na secagem. Oferecer consulta e o banho de volta."},
  {'a', 180,
   "Obrigada por avisar. A consulta e o remédio são por nossa conta, e o valor do banho volta "
   "hoje. Pode trazê-lo às 17h?"},
  {'c', 300, "Posso. Obrigada por resolver rápido"},
  {'a', 60, "É o mínimo. Esperamos vocês às 17h."});
L(adoption, {'c', 0, "Vi que vai ter feira de adoção, é verdade?"},
  {'a', 160, "É sim! Domingo, das 10h às 15h, aqui na frente da loja."},
  {'c', 100, "Tem gatinhos filhotes?"}, {'a', 90, "Três, de 2 meses, já vacinados. São uma graça."},
  {'c', 60, "Vamos aí então 😻"});
L(payment, {'c', 0, "O boleto do plano venceu ontem, consigo pagar ainda?"},
  {'a', 1500, "Consegue, {name}. Gerei outro com vencimento para amanhã, sem multa."},
  {'c', 800, "Perfeito, pago hoje"}, {'a', 100, "Obrigada! Já fica em dia assim que compensar."});

#undef L

const struct demo_script demo_scripts[] = {
    {"Recepção", "Banho e tosa", 0, bath},
    {"Clínica", "Vacina", 0, vaccine},
    {"Clínica", "Retorno", 0, sick},
    {"Loja", "Entrega", 1, order},
    {"Financeiro", NULL, 0, invoice},
    {"Recepção", "Plano Essencial", 1, plan},
    {"Recepção", NULL, 0, hours},
    {"Recepção", "Retorno", 0, reschedule},
    {"Clínica", "Retorno", 0, exam},
    {"Recepção", "Banho e tosa", 2, price},
    {"Recepção", NULL, 3, missing},
    {"Recepção", NULL, 1, hotel},
    {"Loja", "Entrega", 1, flea},
    {"Recepção", NULL, 0, complaint},
    {"Loja", "Filhote", 0, adoption},
    {"Financeiro", "Plano Essencial", 0, payment},
    {NULL, NULL, 0, NULL},
};
