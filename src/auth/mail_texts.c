/* The words of mails, in three languages. {{name}} may be empty: the greetings stand without it. To
 * add one: a row here; mail_add names it. */
#include <string.h>

#include "auth/mail.h"

const struct mail_template mail_templates[] = {
    {"password_reset",
     .pt = {"Redefinir sua senha", "Olá, {{name|first|default:tudo bem}}!",
            "Recebemos um pedido para redefinir a senha da sua conta em {{organization}}.\n\n"
            "O link abaixo vale por uma hora e só pode ser usado uma vez.",
            "Criar nova senha",
            "Se não foi você que pediu, ignore este e-mail: sua senha continua a mesma."},
     .es = {"Restablecer tu contraseña", "¡Hola, {{name|first|default:qué tal}}!",
            "Recibimos una solicitud para restablecer la contraseña de tu cuenta en "
            "{{organization}}.\n\n"
            "El enlace de abajo es válido por una hora y solo puede usarse una vez.",
            "Crear nueva contraseña",
            "Si no fuiste tú, ignora este correo: tu contraseña sigue siendo la misma."},
     .en = {"Reset your password", "Hello {{name|first|default:there}},",
            "We received a request to reset the password of your account at {{organization}}.\n\n"
            "The link below is good for one hour and can be used once.",
            "Choose a new password",
            "If this was not you, ignore this e-mail: your password stays as it is."}},
    {"invitation",
     .pt = {"{{inviter|default:Alguém}} convidou você para {{organization}}", "Olá!",
            "{{inviter|default:Alguém}} convidou você para atender os clientes de {{organization}} "
            "no Interflow.\n\n"
            "O convite vale por sete dias.",
            "Aceitar convite", "Se você não esperava este convite, ignore este e-mail."},
     .es = {"{{inviter|default:Alguien}} te invitó a {{organization}}", "¡Hola!",
            "{{inviter|default:Alguien}} te invitó a atender a los clientes de {{organization}} en "
            "Interflow.\n\n"
            "La invitación es válida por siete días.",
            "Aceptar invitación", "Si no esperabas esta invitación, ignora este correo."},
     .en = {"{{inviter|default:Somebody}} invited you to {{organization}}", "Hello,",
            "{{inviter|default:Somebody}} invited you to answer the customers of {{organization}} "
            "in Interflow.\n\n"
            "The invitation is good for seven days.",
            "Accept the invitation", "If you did not expect this invitation, ignore this e-mail."}},
    {"test",
     .pt = {"Teste de e-mail de {{organization}}", "Olá!",
            "Este é um e-mail de teste: o servidor de e-mail de {{organization}} está funcionando.",
            NULL, "Enviado pelo Interflow a pedido de {{inviter|default:um administrador}}."},
     .es = {"Prueba de correo de {{organization}}", "¡Hola!",
            "Este es un correo de prueba: el servidor de correo de {{organization}} funciona.",
            NULL, "Enviado por Interflow a pedido de {{inviter|default:un administrador}}."},
     .en = {"Test e-mail of {{organization}}", "Hello,",
            "This is a test: the mail server of {{organization}} works.", NULL,
            "Sent by Interflow at the request of {{inviter|default:an administrator}}."}},
    {"webhook_gone",
     .pt = {"O webhook {{webhook}} foi desligado", "Olá, {{name|first|default:tudo bem}}!",
            "O sistema que recebe o webhook “{{webhook}}” de {{organization}} respondeu que o "
            "endereço não existe mais (410).\n\n"
            "{{url}}\n\n"
            "Por isso ele foi desligado e nada mais é enviado para lá. O que não foi entregue "
            "fica guardado por 14 dias e pode ser reenviado.",
            "Abrir o webhook", "Você recebe este e-mail porque administra os webhooks."},
     .es = {"El webhook {{webhook}} se desactivó", "¡Hola, {{name|first|default:qué tal}}!",
            "El sistema que recibe el webhook “{{webhook}}” de {{organization}} respondió que la "
            "dirección ya no existe (410).\n\n"
            "{{url}}\n\n"
            "Por eso se desactivó y ya no se envía nada allí. Lo que no se entregó se guarda 14 "
            "días y se puede reenviar.",
            "Abrir el webhook", "Recibes este correo porque administras los webhooks."},
     .en = {"The webhook {{webhook}} was switched off", "Hello {{name|first|default:there}},",
            "The system that receives the webhook “{{webhook}}” of {{organization}} says that the "
            "address is gone for good (410).\n\n"
            "{{url}}\n\n"
            "It was switched off, and nothing more is sent there. What was not delivered is kept "
            "for 14 days and can be sent again.",
            "Open the webhook", "You get this e-mail because you manage the webhooks."}},
    {"webhook_failing",
     .pt = {"O webhook {{webhook}} foi desligado", "Olá, {{name|first|default:tudo bem}}!",
            "Há mais de um dia nenhuma notificação do webhook “{{webhook}}” de {{organization}} é "
            "aceita pelo sistema que as recebe.\n\n"
            "{{url}}\n\n"
            "Por isso ele foi desligado. Corrija o endereço ou o sistema e ligue-o de novo: o que "
            "não foi entregue fica guardado por 14 dias e pode ser reenviado.",
            "Abrir o webhook", "Você recebe este e-mail porque administra os webhooks."},
     .es = {"El webhook {{webhook}} se desactivó", "¡Hola, {{name|first|default:qué tal}}!",
            "Desde hace más de un día el sistema que recibe el webhook “{{webhook}}” de "
            "{{organization}} no acepta ninguna notificación.\n\n"
            "{{url}}\n\n"
            "Por eso se desactivó. Corrige la dirección o el sistema y actívalo de nuevo: lo que "
            "no se entregó se guarda 14 días y se puede reenviar.",
            "Abrir el webhook", "Recibes este correo porque administras los webhooks."},
     .en = {"The webhook {{webhook}} was switched off", "Hello {{name|first|default:there}},",
            "For more than a day the system that receives the webhook “{{webhook}}” of "
            "{{organization}} has not taken a single notification.\n\n"
            "{{url}}\n\n"
            "It was switched off. Correct the address or the system and switch it on again: what "
            "was not delivered is kept for 14 days and can be sent again.",
            "Open the webhook", "You get this e-mail because you manage the webhooks."}},
    {0},
};

const struct mail_text *mail_text_find(const char *template, const char *language)
{
    for (const struct mail_template *t = mail_templates; t->name; t++) {
        if (strcmp(t->name, template) != 0) continue;
        if (language && strcmp(language, "es") == 0) return &t->es;
        return language && strcmp(language, "en") == 0 ? &t->en : &t->pt;
    }
    return NULL;
}
