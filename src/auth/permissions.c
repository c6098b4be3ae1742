/* The permissions: name, and words in three languages for the page of roles. In the order of enum
 * permission, which is also that of permission_names() in sql/functions/auth.sql (a test compares
 * them). To add one: a number in permissions.h, a row here, a name there. */
#include "auth/permissions.h"

#include <string.h>

#include "base/arena.h"

const struct permission_row permission_rows[PERMISSION_COUNT] = {
    [PERMISSION_ORGANIZATION_MANAGE] =
        {"organization.manage",
         {"Organização", "Mudar nome, fuso horário, idioma, moeda e servidor de e-mail"},
         {"Organización", "Cambiar nombre, zona horaria, idioma, moneda y servidor de correo"},
         {"Organization", "Change name, time zone, language, currency and mail server"}},
    [PERMISSION_USERS_MANAGE] =
        {"users.manage",
         {"Usuários", "Convidar pessoas, mudar o papel delas, suspender e remover"},
         {"Usuarios", "Invitar personas, cambiar su rol, suspender y quitar"},
         {"Users", "Invite people, change their role, suspend and remove them"}},
    [PERMISSION_ROLES_MANAGE] = {"roles.manage",
                                 {"Papéis", "Criar papéis e decidir o que cada um permite"},
                                 {"Roles", "Crear roles y decidir qué permite cada uno"},
                                 {"Roles", "Make roles and decide what each may do"}},
    [PERMISSION_TEAMS_MANAGE] = {"teams.manage",
                                 {"Equipes", "Criar equipes, escolher membros, líder e horários"},
                                 {"Equipos", "Crear equipos, elegir miembros, líder y horarios"},
                                 {"Teams", "Make teams, choose members, leader and hours"}},
    [PERMISSION_CHANNELS_MANAGE] = {"channels.manage",
                                    {"Canais", "Conectar, pausar e remover canais"},
                                    {"Canales", "Conectar, pausar y quitar canales"},
                                    {"Channels", "Connect, pause and remove channels"}},
    [PERMISSION_API_KEYS_MANAGE] = {"api_keys.manage",
                                    {"Chaves de API", "Criar e revogar chaves de integrações"},
                                    {"Claves de API", "Crear y revocar claves de integraciones"},
                                    {"API keys", "Make and revoke keys for integrations"}},
    [PERMISSION_AUDIT_VIEW] = {"audit.view",
                               {"Auditoria", "Ler o registro de quem fez o quê"},
                               {"Auditoría", "Leer el registro de quién hizo qué"},
                               {"Audit log", "Read the log of who did what"}},
    [PERMISSION_JOBS_MANAGE] =
        {"jobs.manage",
         {"Tarefas paradas", "Ver tarefas do sistema que falharam, repetir ou descartar"},
         {"Tareas detenidas", "Ver tareas del sistema que fallaron, repetirlas o descartarlas"},
         {"Parked work", "See the system's work that failed, retry or drop it"}},
    [PERMISSION_CUSTOMERS_VIEW] = {"customers.view",
                                   {"Ver clientes", "Abrir a lista de clientes e seus perfis"},
                                   {"Ver clientes", "Abrir la lista de clientes y sus perfiles"},
                                   {"See customers",
                                    "Open the list of customers and their profiles"}},
    [PERMISSION_CUSTOMERS_EDIT] =
        {"customers.edit",
         {"Editar clientes", "Criar e alterar clientes, etiquetas, notas, campos e etapas"},
         {"Editar clientes", "Crear y modificar clientes, etiquetas, notas, campos y etapas"},
         {"Edit customers", "Create and change customers, tags, notes, fields and stages"}},
    [PERMISSION_CUSTOMERS_MERGE] = {"customers.merge",
                                    {"Unir clientes", "Juntar dois cadastros da mesma pessoa"},
                                    {"Unir clientes", "Juntar dos registros de la misma persona"},
                                    {"Merge customers", "Join two records of the same person"}},
    [PERMISSION_CUSTOMERS_DELETE] = {"customers.delete",
                                     {"Excluir clientes", "Excluir clientes e apagar seus dados"},
                                     {"Eliminar clientes", "Eliminar clientes y borrar sus datos"},
                                     {"Delete customers", "Delete customers and erase their data"}},
    [PERMISSION_CUSTOMERS_EXPORT] =
        {"customers.export",
         {"Exportar clientes", "Baixar listas e os dados de um cliente em arquivo"},
         {"Exportar clientes", "Descargar listas y los datos de un cliente en archivo"},
         {"Export customers", "Download lists and a customer's data as files"}},
    [PERMISSION_CONTACTS_VIEW] =
        {"contacts.view",
         {"Ver contatos", "Ver telefones, e-mails e perfis; sem isso aparecem mascarados"},
         {"Ver contactos", "Ver teléfonos, correos y perfiles; sin esto se muestran ocultos"},
         {"See contact data", "See phones, e-mails and handles; without it they are masked"}},
    [PERMISSION_TAGS_MANAGE] = {"tags.manage",
                                {"Etiquetas", "Criar, alterar e excluir etiquetas"},
                                {"Etiquetas", "Crear, modificar y eliminar etiquetas"},
                                {"Tags", "Create, change and delete tags"}},
    [PERMISSION_FIELDS_MANAGE] = {"fields.manage",
                                  {"Campos", "Criar e alterar campos personalizados"},
                                  {"Campos", "Crear y modificar campos personalizados"},
                                  {"Fields", "Create and change custom fields"}},
    [PERMISSION_FUNNELS_MANAGE] = {"funnels.manage",
                                   {"Funis", "Criar e alterar funis e etapas"},
                                   {"Embudos", "Crear y modificar embudos y etapas"},
                                   {"Funnels", "Create and change funnels and stages"}},
    [PERMISSION_CHATS_VIEW] = {"chats.view",
                               {"Caixa de entrada",
                                "Abrir a caixa de entrada e ler as conversas que pode ver"},
                               {"Bandeja de entrada",
                                "Abrir la bandeja y leer los chats que puede ver"},
                               {"Inbox", "Open the inbox and read the chats that they may see"}},
    [PERMISSION_CHATS_VIEW_ALL] =
        {"chats.view_all",
         {"Ver todas as conversas", "Sem isso, só as próprias e as das suas equipes"},
         {"Ver todos los chats", "Sin esto, solo los propios y los de sus equipos"},
         {"See all chats", "Without it, only their own and those of their teams"}},
    [PERMISSION_CHATS_REPLY] = {"chats.reply",
                                {"Atender", "Assumir conversas, responder e escrever notas"},
                                {"Atender", "Tomar chats, responder y escribir notas"},
                                {"Reply", "Take chats, answer and write notes"}},
    [PERMISSION_CHATS_ASSIGN] = {"chats.assign",
                                 {"Distribuir", "Passar conversas a outras pessoas e equipes"},
                                 {"Asignar", "Pasar chats a otras personas y equipos"},
                                 {"Assign", "Give chats to other people and teams"}},
    [PERMISSION_CHATS_CLOSE] = {"chats.close",
                                {"Encerrar", "Encerrar e reabrir conversas"},
                                {"Cerrar", "Cerrar y reabrir chats"},
                                {"Close", "Close and reopen chats"}},
    [PERMISSION_SHORTCUTS_MANAGE] = {"shortcuts.manage",
                                     {"Atalhos", "Criar e alterar os atalhos da organização"},
                                     {"Atajos", "Crear y modificar los atajos de la organización"},
                                     {"Shortcuts",
                                      "Create and change the organization's shortcuts"}},
    [PERMISSION_CLOSURE_TYPES_MANAGE] =
        {"closure_types.manage",
         {"Tipos de encerramento", "Criar e alterar os motivos de encerramento"},
         {"Tipos de cierre", "Crear y modificar los motivos de cierre"},
         {"Closure types", "Create and change the reasons why chats end"}},
    [PERMISSION_WEBHOOKS_MANAGE] =
        {"webhooks.manage",
         {"Webhooks", "Escolher que sistemas externos são avisados do que acontece"},
         {"Webhooks", "Elegir qué sistemas externos reciben avisos de lo que ocurre"},
         {"Webhooks", "Choose which outside systems are told of what happens"}},
    [PERMISSION_FLOWS_VIEW] = {"flows.view",
                               {"Ver fluxos", "Abrir os fluxos, suas execuções e seus números"},
                               {"Ver flujos", "Abrir los flujos, sus ejecuciones y sus cifras"},
                               {"See flows", "Open flows, their runs and their figures"}},
    [PERMISSION_FLOWS_EDIT] = {"flows.edit",
                               {"Editar fluxos",
                                "Desenhar, testar, publicar, ativar e remover fluxos"},
                               {"Editar flujos",
                                "Dibujar, probar, publicar, activar y quitar flujos"},
                               {"Edit flows", "Draw, test, publish, switch on and remove flows"}},
    [PERMISSION_FLOWS_RUN] = {"flows.run",
                              {"Executar fluxos",
                               "Iniciar fluxos em conversas, pausar, retomar e parar"},
                              {"Ejecutar flujos",
                               "Iniciar flujos en chats, pausarlos, reanudarlos y detenerlos"},
                              {"Run flows", "Start flows in chats, pause, resume and stop them"}},
};

const char *permission_name(int permission)
{
    return permission > PERMISSION_NONE && permission < PERMISSION_COUNT
               ? permission_rows[permission].name
               : NULL;
}

int permission_number(const char *name, size_t len)
{
    for (int i = PERMISSION_NONE + 1; i < PERMISSION_COUNT; i++) {
        const char *known = permission_rows[i].name;
        if (strlen(known) == len && memcmp(known, name, len) == 0) return i;
    }
    return PERMISSION_NONE;
}

permission_set permissions_from_array(const char *text)
{
    permission_set set = 0;
    if (!text || *text != '{') return 0;
    for (const char *p = text + 1; *p && *p != '}';) {
        size_t len = strcspn(p, ",}");
        int n = permission_number(p, len);
        if (n != PERMISSION_NONE) set |= PERMISSION_BIT(n);
        p += len;
        if (*p == ',') p++;
    }
    return set;
}

bool permissions_from_json(const json_t *names, permission_set *ret_set, const char **ret_unknown)
{
    permission_set set = 0;
    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));
        int n = name ? permission_number(name, strlen(name)) : PERMISSION_NONE;
        if (n == PERMISSION_NONE) {
            *ret_unknown = name ? name : "";
            return false;
        }
        set |= PERMISSION_BIT(n);
    }
    *ret_set = set;
    return true;
}

const char *permissions_to_array(struct arena *a, permission_set set)
{
    const char *text = "{";
    for (int i = PERMISSION_NONE + 1; i < PERMISSION_COUNT; i++)
        if (set & PERMISSION_BIT(i))
            text = arena_printf(a, "%s%s%s", text, text[1] ? "," : "", permission_rows[i].name);
    return arena_printf(a, "%s}", text);
}
