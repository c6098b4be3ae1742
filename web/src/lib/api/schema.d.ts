/* Made by scripts/types.mjs from the server's rows, all in one file however many they are. Do not edit. */
export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Error: {
            success: boolean;
            /** @description Words for people. */
            error: string;
            /** @description Stable, for programs. */
            code: string;
            details: {
                /** @description Path of the field, like contacts[0].value. */
                field: string;
                message: string | null;
                /** @description REQUIRED, TOO_LONG, UNKNOWN_FIELD, ... */
                code: string;
            }[];
            /** @description The same as header X-Request-Id; it is in our log. */
            requestId: string;
        };
        /** @description A person as they see themselves. */
        Me: {
            user?: {
                /** Format: uuid */
                id: string;
                name: string;
                /** Format: email */
                email: string;
                /** @enum {string} */
                language: "pt" | "es" | "en";
                /** @description What the interface keeps: theme, sounds, notifications. */
                settings: unknown;
                totpEnabled: boolean;
            };
            organizations?: {
                /** Format: uuid */
                id: string;
                name: string;
                /** @description The name of the role there. */
                role: string;
                /** @enum {string} */
                roleKind: "owner" | "admin" | "manager" | "agent" | "custom";
                suspended: boolean;
            }[];
            /**
             * Format: uuid
             * @description The one that was made or joined.
             */
            organizationId?: string;
            /**
             * Format: int64
             * @description After a login with two factors.
             */
            recoveryCodesLeft?: number;
            /** @description The password was right; POST /api/login/totp with the ticket comes next. */
            totpRequired?: boolean;
            ticket?: string;
            /** @description Of the program. */
            version?: string;
        };
        /** @description For an authenticator app. */
        TotpSecret: {
            secret: string;
            uri: string;
            /** @description The same as a QR code. */
            qrSvg: string;
        };
        /** @description Recovery codes. */
        RecoveryCodes: {
            /** @description Shown once; each is good once. */
            recoveryCodes: string[];
        };
        /** @description A login. */
        Session: {
            /** Format: uuid */
            id: string;
            /** @description The one that asks. */
            current: boolean;
            address: string;
            userAgent: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            lastSeenAt: string;
        };
        /** @description The new organization. */
        OrganizationMade: {
            /** Format: uuid */
            id: string;
        };
        /** @description What the invited person sees. */
        InvitationPage: {
            organization: string;
            /** @enum {string} */
            language: "pt" | "es" | "en";
            /** Format: email */
            email?: string | null;
            inviter?: string | null;
            roleName: string;
            /** @description Log in first. */
            existingUser: boolean;
            /** Format: date-time */
            expiresAt: string;
        };
        /** @description A member of the staff. */
        User: {
            /** Format: uuid */
            id: string;
            name: string;
            /** Format: email */
            email: string;
            /** Format: uuid */
            roleId: string;
            /** @enum {string} */
            roleKind: "owner" | "admin" | "manager" | "agent" | "custom";
            roleName: string;
            /** @enum {string} */
            status: "active" | "suspended";
            /** @enum {string} */
            availability: "online" | "away";
            /**
             * Format: int64
             * @description Open chats at once for automatic distribution; 0 is no limit.
             */
            capacity: number;
            teamIds: string[];
            /** Format: date-time */
            lastSeenAt?: string | null;
            totpEnabled: boolean;
            /** Format: date-time */
            createdAt: string;
        };
        /** @description Online or away. */
        Availability: {
            /** @enum {string} */
            availability: "online" | "away";
        };
        /** @description A link to hand over. */
        ResetLink: {
            link: string;
            /** Format: date-time */
            expiresAt: string;
        };
        /** @description A member who forgot their password. */
        PasswordResetRequest: {
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            userId: string;
            name: string;
            /** Format: email */
            email: string;
            /** @description From where it was asked. */
            address: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            expiresAt: string;
        };
        /** @description An invitation that nobody has taken yet. */
        Invitation: {
            /** Format: uuid */
            id: string;
            /** Format: email */
            email?: string | null;
            /** Format: uuid */
            roleId: string;
            teamIds: string[];
            /** Format: uuid */
            createdBy?: string | null;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            expiresAt: string;
            expired: boolean;
            /** @description Shown once, when it is made. */
            link?: string;
            /** @description When it is made: it goes out by mail, too. */
            mailed?: boolean;
        };
        /** @description A named set of permissions. */
        Role: {
            /** Format: uuid */
            id: string;
            /** @enum {string} */
            kind: "owner" | "admin" | "manager" | "agent" | "custom";
            name: string;
            permissions: string[];
            /** Format: int64 */
            userCount: number;
        };
        /** @description Something that a role may allow. */
        Permission: {
            /** @example chats.reply */
            name: string;
            label: {
                pt: string;
                es: string;
                en: string;
            };
            help: {
                pt: string;
                es: string;
                en: string;
            };
        };
        /** @description People who share a queue. */
        Team: {
            /** Format: uuid */
            id: string;
            name: string;
            color: string;
            /** Format: uuid */
            leaderId?: string | null;
            memberIds: string[];
            hours?: unknown;
            /** @enum {string} */
            distribution: "manual" | "least_open" | "round_robin";
        };
        /** @description A key of an integration. */
        ApiKey: {
            /** Format: uuid */
            id: string;
            name: string;
            /** @description How it begins. */
            prefix: string;
            /** Format: uuid */
            roleId?: string | null;
            permissions: string[];
            allowedAddresses: string[];
            /** Format: int64 */
            ratePerMinute: number;
            /** Format: uuid */
            createdBy?: string | null;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            lastUsedAt?: string | null;
            lastUsedFrom: string;
            /** @description Shown once, when it is made. */
            key?: string;
        };
        /** @description A tenant of this installation. */
        Organization: {
            /** Format: uuid */
            id: string;
            name: string;
            /** @example America/Sao_Paulo */
            timeZone: string;
            /** @enum {string} */
            language: "pt" | "es" | "en";
            /** @example BRL */
            currency: string;
            /** @example BR */
            country: string;
            settings: unknown;
            /** Format: date-time */
            createdAt: string;
        };
        /** @description Who did what, when, from where. */
        AuditEntry: {
            /** Format: uuid */
            id: string;
            /** @description user, key, visitor, system. */
            actorKind: string;
            /** Format: uuid */
            actorId?: string | null;
            actorName: string;
            /** @example team.update */
            action: string;
            entity: string;
            /** Format: uuid */
            entityId?: string | null;
            label: string;
            /** @description {field: {from, to}} */
            changes: unknown;
            address: string;
            /** Format: date-time */
            createdAt: string;
        };
        /** @description The mail server of the organization. */
        MailServer: {
            configured: boolean;
            host?: string;
            /** Format: int64 */
            port?: number;
            /** @enum {string} */
            security?: "tls" | "starttls" | "none";
            user?: string;
            passwordSet?: boolean;
            /** Format: email */
            from?: string;
            fromName?: string;
        };
        /** @description Work that failed for good. */
        ParkedJob: {
            /** Format: int64 */
            id: number;
            kind: string;
            /** Format: int64 */
            tries: number;
            error?: string | null;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            parkedAt: string;
        };
        /** @description A customer in a list. */
        CustomerItem: {
            /** Format: uuid */
            id: string;
            name: string;
            /** @enum {string} */
            kind: "person" | "company";
            avatarUrl: string | null;
            /** @description The primary one, if any. */
            contacts: {
                /** Format: uuid */
                id: string;
                /** @enum {string} */
                kind: "phone" | "whatsapp" | "email" | "instagram" | "messenger" | "telegram" | "webchat" | "other";
                /** @description As received; answered to. */
                identifier: string;
                /** @description The one form: +5511984217730. */
                canonical: string;
                /** @description For people: +55 11 98421-7730. */
                display: string;
                label: string;
                isPrimary: boolean;
                /** @description True: the reader may not see contacts; the texts are masked. */
                masked: boolean;
            }[];
            tags: string[];
            /** Format: uuid */
            stageId: string | null;
            /** Format: uuid */
            ownerId: string | null;
            /** Format: int64 */
            valueMinor: number | null;
            /** Format: date-time */
            lastMessageAt: string | null;
            /** Format: date-time */
            createdAt: string;
            /** Format: int64 */
            openChats: number;
        };
        /** @description success and all members of Customer. */
        CustomerCreated: {
            success: boolean;
            /** Format: uuid */
            id: string;
            /** @example Ana Souza */
            name: string;
            /** @enum {string} */
            kind: "person" | "company";
            document: string | null;
            /** Format: date */
            birthDate: string | null;
            country: string | null;
            /** @enum {string|null} */
            language: "pt" | "es" | "en" | null;
            address: Record<string, never>;
            avatarUrl: string | null;
            /** Format: uuid */
            avatarFileId: string | null;
            pinnedNote: string;
            /** Format: uuid */
            ownerId: string | null;
            /** Format: uuid */
            stageId: string | null;
            stageOrder: number | null;
            /** Format: date-time */
            stageSince: string | null;
            /**
             * Format: int64
             * @description In the organization's currency, minor units.
             */
            valueMinor: number | null;
            utm: Record<string, never>;
            source: string;
            contacts: {
                /** Format: uuid */
                id: string;
                /** @enum {string} */
                kind: "phone" | "whatsapp" | "email" | "instagram" | "messenger" | "telegram" | "webchat" | "other";
                /** @description As received; answered to. */
                identifier: string;
                /** @description The one form: +5511984217730. */
                canonical: string;
                /** @description For people: +55 11 98421-7730. */
                display: string;
                label: string;
                isPrimary: boolean;
                /** @description True: the reader may not see contacts; the texts are masked. */
                masked: boolean;
            }[];
            tags: string[];
            /** @description Custom fields: value by slug. */
            fields: Record<string, never>;
            /** Format: int64 */
            openChats: number;
            /** Format: date-time */
            lastMessageAt: string | null;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            /**
             * Format: int64
             * @description Send it back with a change to be told of others' changes.
             */
            version: number;
            /**
             * Format: uuid
             * @description Set: this record was merged into that one.
             */
            mergedIntoId: string | null;
        };
        CustomerCount: {
            /** Format: int64 */
            count: number;
            /** @description There are more; counting stopped. */
            capped: boolean;
        };
        CustomerFile: {
            /** Format: uuid */
            id: string;
            name: string;
            type: string;
            /** @enum {string} */
            kind: "image" | "video" | "audio" | "document";
            /** Format: int64 */
            sizeBytes: number;
            url: string;
            /** Format: uuid */
            chatId: string;
            /** Format: date-time */
            createdAt: string;
        };
        /** @description A person or company. */
        Customer: {
            /** Format: uuid */
            id: string;
            /** @example Ana Souza */
            name: string;
            /** @enum {string} */
            kind: "person" | "company";
            document: string | null;
            /** Format: date */
            birthDate: string | null;
            country: string | null;
            /** @enum {string|null} */
            language: "pt" | "es" | "en" | null;
            address: Record<string, never>;
            avatarUrl: string | null;
            /** Format: uuid */
            avatarFileId: string | null;
            pinnedNote: string;
            /** Format: uuid */
            ownerId: string | null;
            /** Format: uuid */
            stageId: string | null;
            stageOrder: number | null;
            /** Format: date-time */
            stageSince: string | null;
            /**
             * Format: int64
             * @description In the organization's currency, minor units.
             */
            valueMinor: number | null;
            utm: Record<string, never>;
            source: string;
            contacts: {
                /** Format: uuid */
                id: string;
                /** @enum {string} */
                kind: "phone" | "whatsapp" | "email" | "instagram" | "messenger" | "telegram" | "webchat" | "other";
                /** @description As received; answered to. */
                identifier: string;
                /** @description The one form: +5511984217730. */
                canonical: string;
                /** @description For people: +55 11 98421-7730. */
                display: string;
                label: string;
                isPrimary: boolean;
                /** @description True: the reader may not see contacts; the texts are masked. */
                masked: boolean;
            }[];
            tags: string[];
            /** @description Custom fields: value by slug. */
            fields: Record<string, never>;
            /** Format: int64 */
            openChats: number;
            /** Format: date-time */
            lastMessageAt: string | null;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            /**
             * Format: int64
             * @description Send it back with a change to be told of others' changes.
             */
            version: number;
            /**
             * Format: uuid
             * @description Set: this record was merged into that one.
             */
            mergedIntoId: string | null;
            /** @description Perhaps the same person as that one. */
            duplicateOf?: {
                /** Format: uuid */
                id: string;
                name: string;
                /** @enum {string} */
                reason: "phone" | "email" | "document" | "handle" | "name";
            };
        };
        CustomerChanged: {
            success: boolean;
            message: string;
            data: components["schemas"]["Customer"];
        };
        DuplicateItem: {
            /** Format: uuid */
            id: string;
            name: string;
            /** @enum {string} */
            reason: "phone" | "email" | "document" | "handle" | "name";
            customer: components["schemas"]["CustomerItem"];
        };
        TimelineItem: {
            /** Format: uuid */
            id: string;
            /** @enum {string} */
            type: "chat" | "note" | "stage" | "merge" | "field" | "created";
            /** Format: date-time */
            at: string;
            /** Format: uuid */
            actorId: string | null;
            actorName: string;
            data: Record<string, never>;
        };
        /** @description How many were changed, and which could not be. */
        CustomerBulkResult: {
            /** Format: int64 */
            done: number;
            failed: {
                /** Format: uuid */
                id: string;
                code: string;
            }[];
            /** @description The filter matches more: the cursor of the next call. Null: that was all. */
            next: string | null;
        };
        CustomerTagAnswer: {
            success: boolean;
            data: {
                /** Format: uuid */
                customerId: string;
                /** Format: uuid */
                tagId: string;
                /** @description All of the customer's now. */
                tags: string[];
            };
        };
        Note: {
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            customerId: string;
            title: string;
            content: string;
            /** Format: uuid */
            createdBy: string | null;
            authorName: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
        };
        NoteAnswer: {
            success: boolean;
            data: components["schemas"]["Note"];
        };
        Removed: {
            success: boolean;
            data: {
                /** Format: uuid */
                id: string;
            };
        };
        FieldValuesAnswer: {
            success: boolean;
            data: {
                /** Format: uuid */
                fieldId: string;
                slug: string;
                name: string;
                /** @enum {string} */
                kind: "text" | "long_text" | "number" | "money" | "date" | "datetime" | "select" | "multi_select" | "yes_no" | "link" | "phone" | "email" | "file";
                /** @enum {string} */
                required: "no" | "close" | "always";
                value: unknown;
                /** Format: date-time */
                updatedAt: string | null;
            }[];
        };
        FieldValueAnswer: {
            success: boolean;
            data: {
                slug: string;
                /** Format: uuid */
                fieldId: string;
                value: unknown;
            };
        };
        TagsAnswer: {
            success: boolean;
            data: {
                /** Format: uuid */
                id: string;
                /** @example VIP */
                name: string;
                color: string;
                /** Format: date-time */
                createdAt: string;
                /** Format: date-time */
                updatedAt: string;
            }[];
        };
        TagAnswer: {
            success: boolean;
            data: {
                /** Format: uuid */
                id: string;
                /** @example VIP */
                name: string;
                color: string;
                /** Format: date-time */
                createdAt: string;
                /** Format: date-time */
                updatedAt: string;
            };
        };
        CustomField: {
            /** Format: uuid */
            id: string;
            slug: string;
            name: string;
            help: string;
            /** @enum {string} */
            kind: "text" | "long_text" | "number" | "money" | "date" | "datetime" | "select" | "multi_select" | "yes_no" | "link" | "phone" | "email" | "file";
            options: {
                /** @description What values hold; stays when the label changes. */
                id: string;
                label: string;
                color: string;
            }[];
            /** @enum {string} */
            required: "no" | "close" | "always";
            /** Format: int64 */
            position: number;
        };
        Funnel: {
            /** Format: uuid */
            id: string;
            name: string;
            /** Format: int64 */
            position: number;
            stages: components["schemas"]["Stage"][];
        };
        Stage: {
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            funnelId: string;
            name: string;
            color: string;
            /** @enum {string} */
            kind: "open" | "won" | "lost";
            /** Format: int64 */
            position: number;
        };
        /** @description What a kind of channel can do and needs. */
        ChannelKind: {
            kind: string;
            label: string;
            can: string[];
            identityKind: string;
            opens: string[];
            limits: unknown;
            /** Format: int64 */
            textMax: number;
            /** Format: int64 */
            fileMaxBytes: number;
            /** Format: int64 */
            windowHours: number;
            /** @description Rows of the form. */
            settings: unknown;
            secrets: unknown;
            oauth: boolean;
            checks: boolean;
        };
        /** @description One connected account. */
        Channel: {
            /** Format: uuid */
            id: string;
            kind: string;
            name: string;
            address: string;
            /** @enum {string} */
            status: "connected" | "reconnecting" | "disconnected" | "paused";
            statusReason: string;
            /** Format: date-time */
            statusSince: string;
            /** @description Web chat: the script tag's data-channel. */
            publicKey: string | null;
            settings: unknown;
            hasSecrets: boolean;
            /** Format: uuid */
            defaultTeamId: string | null;
            /** Format: uuid */
            defaultStageId: string | null;
            hours: unknown;
            greeting: unknown;
            away: unknown;
            /** @description The platform's id of it; empty: not known. */
            externalAccount: string;
            /** @description In the platform's words. */
            quality: unknown;
            /** Format: date-time */
            tokenExpiresAt: string | null;
            /** Format: date-time */
            checkedAt: string | null;
            lastError: {
                code?: string;
                message?: string;
                /** Format: date-time */
                at?: string;
            } | null;
            counts: {
                /** Format: int64 */
                in24h: number;
                /** Format: int64 */
                out24h: number;
                /** Format: int64 */
                failed24h: number;
                /** Format: int64 */
                parked: number;
            };
            /** @description What is to be entered at the platform. */
            webhook: {
                url: string;
                verifyToken: string;
            } | null;
            /** Format: date-time */
            lastEventAt: string | null;
            /** Format: date-time */
            createdAt: string;
            /** Format: int64 */
            chats30Days: number;
        };
        /** @description What a look at an account found, step by step. */
        ChannelCheck: {
            ok: boolean;
            steps: {
                id: string;
                ok: boolean;
                code: string | null;
                message: string | null;
                field: string | null;
            }[];
            found: unknown;
        };
        /** @description A body that came in, or a call that went out. */
        ChannelLogLine: {
            /** Format: uuid */
            id: string;
            /** @enum {string} */
            direction: "in" | "out";
            /** Format: date-time */
            at: string;
            what: string;
            /** @enum {string} */
            state: "waiting" | "done" | "parked" | "failed";
            /**
             * Format: int64
             * @description Of the answer; 0: none came.
             */
            status: number | null;
            /** Format: int64 */
            tookMs: number | null;
            method: string | null;
            address: string | null;
            /** @description How many of what a body held. */
            summary: unknown;
            error: {
                code: string;
                message: string;
            } | null;
        };
        /** @description The same with its texts. */
        ChannelLogEntry: {
            /** Format: uuid */
            id: string;
            /** @enum {string} */
            direction: "in" | "out";
            /** Format: date-time */
            at: string;
            what: string;
            /** @enum {string} */
            state: "waiting" | "done" | "parked" | "failed";
            /**
             * Format: int64
             * @description Of the answer; 0: none came.
             */
            status: number | null;
            /** Format: int64 */
            tookMs: number | null;
            method: string | null;
            address: string | null;
            /** @description How many of what a body held. */
            summary: unknown;
            error: {
                code: string;
                message: string;
            } | null;
            request: string;
            answer: string | null;
            /** Format: uuid */
            messageId: string | null;
        };
        /** @description A body that is read again. */
        ChannelLogReplay: {
            /** Format: uuid */
            id: string;
            state: string;
        };
        /** @description How a login at a platform begins. */
        ChannelLogin: {
            /** @description The platform's dialog. */
            url?: string | null;
            /** @description To be given back with the code. */
            state: string;
            /** @description WhatsApp: for the platform's script. */
            appId?: string;
            configId?: string;
            version?: string;
        };
        /** @description What a login at a platform gave access to. */
        ChannelLoginAccounts: {
            /**
             * Format: uuid
             * @description For connecting one of the accounts, within 15 minutes.
             */
            ticket: string;
            accounts: {
                id: string;
                name: string;
                address: string;
                /** @description It is connected already, here or by another organization. */
                connected: boolean;
            }[];
        };
        /** @description The mail behind a message. */
        Mail: {
            subject: string;
            from: {
                name: string;
                address: string;
            }[];
            to: {
                name: string;
                address: string;
            }[];
            cc: {
                name: string;
                address: string;
            }[];
            bcc: {
                name: string;
                address: string;
            }[];
            replyTo: {
                name: string;
                address: string;
            }[];
            /** Format: date-time */
            date: string | null;
            /** @description Cleaned; for a sandboxed frame. */
            html: string;
            /**
             * Format: int64
             * @description Pictures from elsewhere that wait to be asked for.
             */
            blockedImages: number;
            /**
             * Format: int64
             * @description Hidden pictures, dropped.
             */
            trackers: number;
            attachments: {
                /** Format: int64 */
                part: number;
                name: string;
                /** @description As the mail says. */
                type: string;
                /** Format: int64 */
                sizeBytes: number;
                /** Format: uuid */
                fileId: string | null;
                url: string;
            }[];
            /** @description The history below, as text. */
            quoted: string;
            /** @description auto-reply, bounce, receipt, list, bulk or notification; null: a person's. */
            auto: string | null;
            /** @description Why it could not be read whole. */
            fault: string | null;
            problems: string[];
        };
        /** @description A message that the platform approved beforehand. */
        Template: {
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            channelId: string;
            externalId: string;
            name: string;
            language: string;
            category: string;
            /** @description APPROVED can be sent; PENDING, REJECTED, PAUSED, DISABLED and others of the platform cannot. */
            status: string;
            reason: string;
            quality: string;
            /** @enum {string} */
            format: "positional" | "named";
            /** @description HEADER, BODY, FOOTER, BUTTONS, as the platform writes them. */
            components: unknown[];
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
        };
        /** @description What a synchronisation of templates found. */
        TemplateSync: {
            /**
             * Format: int64
             * @description Templates that there are now.
             */
            count: number;
        };
        /** @description One attendance with a customer on a channel. */
        Chat: {
            /** Format: uuid */
            id: string;
            /** @enum {string} */
            status: "pending" | "in_progress" | "waiting" | "closed";
            /** Format: uuid */
            channelId: string;
            /** Format: uuid */
            assigneeId: string | null;
            /** Format: uuid */
            teamId: string | null;
            /** @enum {string} */
            owner: "human" | "bot";
            /**
             * Format: int64
             * @description 0 normal … 3 urgent.
             */
            priority: number;
            /** Format: date-time */
            snoozedUntil: string | null;
            /** Format: date-time */
            archivedAt: string | null;
            /** Format: date-time */
            openedAt: string;
            /** Format: date-time */
            firstResponseAt: string | null;
            /**
             * Format: date-time
             * @description Since when the customer waits for an answer.
             */
            waitingSince: string | null;
            /** Format: date-time */
            lastMessageAt: string;
            lastMessage: {
                /** Format: uuid */
                id?: string;
                /** Format: int64 */
                seq?: number;
                kind?: string;
                /** @enum {string} */
                direction?: "in" | "out" | "note" | "event";
                /** @description At most 160 characters. */
                text?: string;
                status?: string;
                authorName?: string;
                /** @description Of a mail. */
                subject?: string;
                /**
                 * @description What it is when it has no words of its own.
                 * @enum {string}
                 */
                about?: "mention" | "story" | "share" | "order" | "form" | "sticker";
                /** @description True when it was taken back. */
                deleted?: boolean;
            };
            /** Format: int64 */
            messageCount: number;
            /** Format: int64 */
            inboundCount: number;
            /**
             * Format: int64
             * @description How many of them the reader has seen; unread = inboundCount - inboundSeen. Null in events.
             */
            inboundSeen: number | null;
            /** Format: date-time */
            closedAt: string | null;
            /** Format: uuid */
            closedBy: string | null;
            /** Format: uuid */
            closureTypeId: string | null;
            closureNote: string;
            /**
             * Format: date-time
             * @description Until when the platform lets us write freely; null: no such limit, or the customer never wrote.
             */
            windowUntil: string | null;
            /** Format: uuid */
            pinnedMessageId: string | null;
            visitor: {
                /** Format: uuid */
                id?: string;
                page?: string;
                referrer?: string;
                agent?: string;
                language?: string;
            };
            /** Format: int64 */
            version: number;
            /** @description What runs or pauses in it. */
            flow: {
                /** Format: uuid */
                sessionId: string;
                /** Format: uuid */
                flowId: string;
                name: string;
                /** @description Where it stands. */
                nodeName: string;
                /** @enum {string} */
                status: "running" | "waiting" | "paused";
            } | null;
            /** @description A flow that starts when the customer writes. */
            responseFlow: {
                /** Format: uuid */
                flowId: string;
                name: string;
                /** Format: date-time */
                at: string;
            } | null;
            customer: {
                /** Format: uuid */
                id: string;
                /** @example Beatriz Carvalho */
                name: string;
                /** Format: uuid */
                avatarFileId: string | null;
                tags: string[];
            };
            contact: {
                /** Format: uuid */
                id: string;
                /** @example whatsapp */
                kind: string;
                /**
                 * @description Masked when contact data are hidden from the reader.
                 * @example +5511984217730
                 */
                display: string | null;
            };
            /**
             * Format: int64
             * @description Further open chats of the same customer that the reader sees; null in live news.
             */
            otherOpenChats: number | null;
        };
        /** @description The numbers beside the views. */
        ChatCounts: {
            /**
             * Format: int64
             * @description Counting stops at 1000.
             */
            all: number;
            /** Format: int64 */
            unassigned: number;
            /** Format: int64 */
            waiting: number;
            /** Format: int64 */
            mine: number;
            /**
             * Format: int64
             * @description My chats with something unread.
             */
            unread: number;
            /** Format: int64 */
            mentions: number;
            /** @description Of each of my saved filters, by its id: how many chats it shows. */
            views: unknown;
        };
        /** @description How far the reader has read a chat. */
        ChatRead: {
            /** Format: uuid */
            chatId: string;
            /** Format: int64 */
            inboundSeen: number;
            /** Format: int64 */
            seqSeen: number;
        };
        /** @description A page of a conversation. */
        MessagePage: {
            items: components["schemas"]["Message"][];
            /** @description Cursor of the next page; null at the end. */
            next: string | null;
            /** @description What goes out later. */
            scheduled: components["schemas"]["Message"][];
        };
        /** @description Something said in a chat, or a line that says what happened. */
        Message: {
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            chatId: string;
            /**
             * Format: int64
             * @description Place in the chat, without gaps; below zero while scheduled.
             */
            seq: number;
            /** @enum {string} */
            direction: "in" | "out" | "note" | "event";
            kind: string;
            content: string;
            /** @description What the kind needs beside text; of events: {what, …}. */
            data: unknown;
            /** @enum {string} */
            status: "received" | "scheduled" | "queued" | "sent" | "delivered" | "read" | "failed" | "cancelled";
            error: {
                code?: string;
                message?: string;
                /** @description What a person can do: template, reconnect, recipient, content, account, later. */
                advice?: string;
                raw?: unknown;
            } | null;
            /** @enum {string} */
            authorKind: "customer" | "user" | "key" | "bot" | "system";
            /** Format: uuid */
            authorId: string | null;
            authorName: string;
            clientId: string | null;
            /** Format: uuid */
            sequenceId: string | null;
            /** Format: date-time */
            scheduledFor: string | null;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            sentAt: string | null;
            /** Format: date-time */
            deliveredAt: string | null;
            /** Format: date-time */
            readAt: string | null;
            /** Format: date-time */
            editedAt: string | null;
            /** Format: date-time */
            deletedAt: string | null;
            replyTo: {
                /** Format: uuid */
                id: string;
                /** Format: int64 */
                seq: number;
                kind: string;
                direction: string;
                authorName: string;
                content: string;
            } | null;
            files: {
                /** Format: uuid */
                id: string | null;
                /** Format: int64 */
                position: number;
                /** @enum {string} */
                kind: "image" | "video" | "audio" | "document";
                name: string;
                /** @example image/png */
                type: string;
                /** Format: int64 */
                sizeBytes: number | null;
                /** Format: int64 */
                width: number | null;
                /** Format: int64 */
                height: number | null;
                /** @enum {string} */
                state: "ready" | "pending" | "failed";
                error: string | null;
                /** Format: int64 */
                durationMs: number | null;
                url: string | null;
            }[];
            reactions: {
                emoji: string;
                /** @description "customer" or a user's id. */
                actor: string;
                actorName: string;
            }[];
            mentions: string[];
        };
        /** @description How many were changed, and which could not be. */
        BulkResult: {
            /** Format: int64 */
            done: number;
            failed: {
                /** Format: uuid */
                id: string;
                code: string;
            }[];
        };
        /** @description A canned reply, called by / and its keyword. */
        Shortcut: {
            /** Format: uuid */
            id: string;
            keyword: string;
            title: string;
            steps: {
                content: string;
                fileIds?: string[];
                /** Format: int64 */
                delayMs?: number;
            }[];
            /** @description Of the organization; otherwise the reader's own. */
            shared: boolean;
            teamIds: string[];
            /** Format: int64 */
            uses: number;
            /** Format: date-time */
            updatedAt: string;
        };
        /** @description The steps with variables filled in. */
        ShortcutRendered: {
            steps: {
                /** @example {{greeting}}, {{customer.firstName}}! */
                content?: string;
                fileIds?: string[];
                /** Format: int64 */
                delayMs?: number;
            }[];
        };
        /** @description Why a chat ended. */
        ClosureType: {
            /** Format: uuid */
            id: string;
            name: string;
            color: string;
            needsNote: boolean;
            /** Format: int64 */
            position: number;
            /** Format: date-time */
            archivedAt: string | null;
        };
        /** @description A saved filter of the reader. */
        InboxView: {
            /** Format: uuid */
            id: string;
            name: string;
            icon: string;
            color: string;
            filter: unknown;
            /** Format: int64 */
            position: number;
        };
        /** @description What was found. */
        SearchResults: {
            customers: {
                /** Format: uuid */
                id: string;
                name: string;
                display: string | null;
                /**
                 * Format: uuid
                 * @description The newest chat that the reader may see.
                 */
                chatId: string | null;
            }[];
            messages: {
                /** Format: uuid */
                chatId: string;
                /** Format: uuid */
                messageId: string;
                /** Format: int64 */
                seq: number;
                /** @description Words around the hit; the hit stands between U+0001 and U+0002. */
                snippet: string;
                customerName: string;
                direction: string;
                /** Format: date-time */
                createdAt: string;
            }[];
        };
        /** @description A stored file. */
        File: {
            /** Format: uuid */
            id: string;
            name: string;
            /** @example image/png */
            type: string;
            /** @enum {string} */
            kind: "image" | "video" | "audio" | "document";
            /** Format: int64 */
            sizeBytes: number;
            /** Format: int64 */
            width: number | null;
            /** Format: int64 */
            height: number | null;
            url: string;
        };
        /** @description An event that can be asked for. */
        WebhookType: {
            type: string;
            help: string;
        };
        /** @description An address that is told of events. */
        Webhook: {
            /** Format: uuid */
            id: string;
            name: string;
            url: string;
            events: string[];
            teamIds: string[];
            channelIds: string[];
            active: boolean;
            /**
             * @description Why the program switched it off: 410, or a day of nothing but failures.
             * @enum {string|null}
             */
            offReason?: "gone" | "failing" | null;
            /** Format: date-time */
            offAt?: string | null;
            /** @description The last characters of the secret. */
            secretHint: string;
            /**
             * Format: date-time
             * @description Until then the secret of before signs along.
             */
            previousSecretUntil?: string | null;
            /** @description With telephone numbers and e-mail addresses in clear: who named the address may see them. */
            sendsContacts: boolean;
            /** Format: date-time */
            failingSince?: string | null;
            /**
             * Format: date-time
             * @description After several failures in a row nothing is tried until then.
             */
            pausedUntil?: string | null;
            /** Format: date-time */
            lastSuccessAt?: string | null;
            /** Format: date-time */
            lastFailureAt?: string | null;
            lastError?: {
                code: string;
                message: string;
                /** Format: int64 */
                status?: number | null;
                /** Format: date-time */
                at: string;
            } | null;
            /**
             * Format: int64
             * @description Notifications that wait; counted up to 10,000.
             */
            waiting: number;
            /**
             * Format: int64
             * @description Given up in the last 14 days; counted up to 10,000.
             */
            dead: number;
            createdByName: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
        };
        /** @description A webhook and its new secret. */
        WebhookWithSecret: {
            /** Format: uuid */
            id: string;
            name: string;
            url: string;
            events: string[];
            teamIds: string[];
            channelIds: string[];
            active: boolean;
            /**
             * @description Why the program switched it off: 410, or a day of nothing but failures.
             * @enum {string|null}
             */
            offReason?: "gone" | "failing" | null;
            /** Format: date-time */
            offAt?: string | null;
            /** @description The last characters of the secret. */
            secretHint: string;
            /**
             * Format: date-time
             * @description Until then the secret of before signs along.
             */
            previousSecretUntil?: string | null;
            /** @description With telephone numbers and e-mail addresses in clear: who named the address may see them. */
            sendsContacts: boolean;
            /** Format: date-time */
            failingSince?: string | null;
            /**
             * Format: date-time
             * @description After several failures in a row nothing is tried until then.
             */
            pausedUntil?: string | null;
            /** Format: date-time */
            lastSuccessAt?: string | null;
            /** Format: date-time */
            lastFailureAt?: string | null;
            lastError?: {
                code: string;
                message: string;
                /** Format: int64 */
                status?: number | null;
                /** Format: date-time */
                at: string;
            } | null;
            /**
             * Format: int64
             * @description Notifications that wait; counted up to 10,000.
             */
            waiting: number;
            /**
             * Format: int64
             * @description Given up in the last 14 days; counted up to 10,000.
             */
            dead: number;
            createdByName: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            /** @description Signs what is sent. Shown this once. */
            secret: string;
        };
        /** @description What came of a test. */
        WebhookTest: {
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            webhookId: string;
            /**
             * Format: uuid
             * @description The same for every try: X-Interflow-Event-Id.
             */
            eventId: string;
            type: string;
            /**
             * Format: int64
             * @description 1, 2, 3 … of this webhook, without gap; 0: a test.
             */
            sequence: number;
            /** @enum {string} */
            state: "waiting" | "delivered" | "dead";
            /** Format: int64 */
            tries: number;
            /**
             * Format: int64
             * @description HTTP, of the last try.
             */
            status?: number | null;
            errorCode?: string | null;
            error?: string | null;
            /** Format: int64 */
            tookMs?: number | null;
            /** Format: date-time */
            occurredAt: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            endedAt?: string | null;
            /** Format: date-time */
            nextTryAt?: string | null;
            ok: boolean;
            /** @description At most 4 KB of it. */
            answer: string;
        };
        /** @description How many are sent again. */
        WebhookReplay: {
            /** Format: int64 */
            queued: number;
            /** @description There are others: ask again. */
            more: boolean;
        };
        /** @description A notification and what became of it. */
        WebhookDelivery: {
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            webhookId: string;
            /**
             * Format: uuid
             * @description The same for every try: X-Interflow-Event-Id.
             */
            eventId: string;
            type: string;
            /**
             * Format: int64
             * @description 1, 2, 3 … of this webhook, without gap; 0: a test.
             */
            sequence: number;
            /** @enum {string} */
            state: "waiting" | "delivered" | "dead";
            /** Format: int64 */
            tries: number;
            /**
             * Format: int64
             * @description HTTP, of the last try.
             */
            status?: number | null;
            errorCode?: string | null;
            error?: string | null;
            /** Format: int64 */
            tookMs?: number | null;
            /** Format: date-time */
            occurredAt: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            endedAt?: string | null;
            /** Format: date-time */
            nextTryAt?: string | null;
        };
        /** @description A notification with all that was said. */
        WebhookDeliveryDetail: {
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            webhookId: string;
            /**
             * Format: uuid
             * @description The same for every try: X-Interflow-Event-Id.
             */
            eventId: string;
            type: string;
            /**
             * Format: int64
             * @description 1, 2, 3 … of this webhook, without gap; 0: a test.
             */
            sequence: number;
            /** @enum {string} */
            state: "waiting" | "delivered" | "dead";
            /** Format: int64 */
            tries: number;
            /**
             * Format: int64
             * @description HTTP, of the last try.
             */
            status?: number | null;
            errorCode?: string | null;
            error?: string | null;
            /** Format: int64 */
            tookMs?: number | null;
            /** Format: date-time */
            occurredAt: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            endedAt?: string | null;
            /** Format: date-time */
            nextTryAt?: string | null;
            /** @description Exactly what is sent. */
            body: string;
            /** @description It holds telephone numbers or e-mail addresses that the reader may not see. */
            bodyHidden: boolean;
            /** @description At most 4 KB of it. */
            answer: string;
            attempts: {
                /** Format: date-time */
                at: string;
                /** Format: int64 */
                status?: number | null;
                code: string;
                error: string;
                /** Format: int64 */
                tookMs?: number | null;
            }[];
        };
        /** @description A flow. */
        Flow: {
            /** Format: uuid */
            id: string;
            /** @example Boas-vindas */
            name: string;
            /** @enum {string} */
            kind: "general" | "closing" | "stage" | "transfer";
            enabled: boolean;
            /**
             * Format: int64
             * @example 0
             */
            priority: number;
            /** Format: int64 */
            publishedVersion: number | null;
            /**
             * Format: int64
             * @example 31
             */
            draftRevision: number;
            /** @description The draft differs from the live version. */
            changed: boolean;
            /** @description Of the live version; of the draft as long as there is none. */
            triggers: {
                /** @example keyword */
                kind: string;
                enabled: boolean;
                channelIds?: string[];
                /** @description At most ten of them. */
                words?: string[];
            }[];
            /** Format: int64 */
            nodeCount: number;
            /**
             * Format: int64
             * @description That run, wait or pause now.
             */
            sessionsRunning: number;
            /** Format: date-time */
            draftAt: string;
            /** Format: uuid */
            draftBy: string | null;
            /** Format: date-time */
            createdAt: string;
        };
        /** @description A flow with its draft. */
        FlowDetail: {
            /** Format: uuid */
            id: string;
            /** @example Boas-vindas */
            name: string;
            /** @enum {string} */
            kind: "general" | "closing" | "stage" | "transfer";
            enabled: boolean;
            /**
             * Format: int64
             * @example 0
             */
            priority: number;
            /** Format: int64 */
            publishedVersion: number | null;
            /**
             * Format: int64
             * @example 31
             */
            draftRevision: number;
            /** @description The draft differs from the live version. */
            changed: boolean;
            /** @description Of the live version; of the draft as long as there is none. */
            triggers: {
                /** @example keyword */
                kind: string;
                enabled: boolean;
                channelIds?: string[];
                /** @description At most ten of them. */
                words?: string[];
            }[];
            /** Format: int64 */
            nodeCount: number;
            /**
             * Format: int64
             * @description That run, wait or pause now.
             */
            sessionsRunning: number;
            /** Format: date-time */
            draftAt: string;
            /** Format: uuid */
            draftBy: string | null;
            /** Format: date-time */
            createdAt: string;
            /** @description The graph. */
            draft: unknown;
            problems: {
                /** @enum {string} */
                severity: "error" | "warning";
                nodeId: string | null;
                /**
                 * @description Of the node's data.
                 * @example options[2].title
                 */
                field: string | null;
                port: string | null;
                /** @example PORT_OPEN */
                code: string;
                message: string;
                /** @description Numbers and names for the words. */
                data: unknown;
            }[];
            published: {
                /** Format: int64 */
                number: number;
                /** Format: date-time */
                at: string;
                /** Format: uuid */
                by: string | null;
                note: string;
            } | null;
        };
        /** @description A flow out of a file. */
        FlowImported: {
            /** Format: uuid */
            flowId: string;
            /** @description What the file names and this organization has not. */
            missing: {
                /** @enum {string} */
                kind: "team" | "tag" | "field" | "channel" | "user" | "stage" | "closureType" | "flow" | "file" | "waTemplate";
                name: string;
                /** @description Ids of the nodes that name it. */
                nodes: string[];
            }[];
        };
        /** @description A flow as a file. */
        FlowFile: {
            /**
             * Format: int64
             * @example 1
             */
            format: number;
            /** @enum {string} */
            kind: "interflow.flow";
            name: string;
            /** @enum {string} */
            flowKind: "general" | "closing" | "stage" | "transfer";
            graph: unknown;
            /** @description {kind: {id: name}} of what the graph points to: found by name where it is imported. */
            refs: unknown;
        };
        /** @description A draft was kept. */
        FlowDraft: {
            /** Format: int64 */
            revision: number;
            problems: {
                /** @enum {string} */
                severity: "error" | "warning";
                nodeId: string | null;
                /**
                 * @description Of the node's data.
                 * @example options[2].title
                 */
                field: string | null;
                port: string | null;
                /** @example PORT_OPEN */
                code: string;
                message: string;
                /** @description Numbers and names for the words. */
                data: unknown;
            }[];
            /** Format: date-time */
            savedAt: string;
        };
        /** @description What a check found. */
        FlowProblems: {
            problems: {
                /** @enum {string} */
                severity: "error" | "warning";
                nodeId: string | null;
                /**
                 * @description Of the node's data.
                 * @example options[2].title
                 */
                field: string | null;
                port: string | null;
                /** @example PORT_OPEN */
                code: string;
                message: string;
                /** @description Numbers and names for the words. */
                data: unknown;
            }[];
        };
        /** @description The live version. */
        FlowPublished: {
            /**
             * Format: int64
             * @example 8
             */
            version: number;
            flow: components["schemas"]["Flow"];
            /** @description How the recorded ones went. */
            tests: components["schemas"]["FlowTestResult"][];
        };
        /** @description What was published. */
        FlowVersion: {
            /** Format: int64 */
            number: number;
            note: string;
            /** Format: uuid */
            by: string | null;
            /** Format: date-time */
            at: string;
            /** @description Recorded ones, at publishing; null: there were none. */
            tests: {
                /** Format: int64 */
                passed: number;
                /** Format: int64 */
                failed: number;
                /** @description Published all the same. */
                forced: boolean;
            } | null;
            live: boolean;
            /**
             * Format: int64
             * @description Unfinished ones on it.
             */
            sessions: number;
        };
        /** @description A version with its graph. */
        FlowVersionGraph: {
            /** Format: int64 */
            number: number;
            note: string;
            /** Format: uuid */
            by: string | null;
            /** Format: date-time */
            at: string;
            graph: unknown;
        };
        /** @description A kind of node. */
        FlowNode: {
            /** @example menu */
            type: string;
            /** @enum {string} */
            category: "send" | "ask" | "decide" | "do" | "other";
            icon: string;
            kinds: string[];
            waits: boolean;
            /** Format: int64 */
            max: number | null;
            summary: string | null;
            fields: {
                name: string;
                /** @example template */
                kind: string;
                required: boolean;
                /** Format: int64 */
                min: number | null;
                /** Format: int64 */
                max: number | null;
                values: string[];
                default: unknown;
                of: string | null;
                when: {
                    field: string;
                    /** @description One of these values; empty: whatever it has. */
                    in: string[];
                } | null;
                advanced: boolean;
            }[];
            ports: {
                id: string;
                role: string;
                when: {
                    field: string;
                    /** @description One of these values; empty: whatever it has. */
                    in: string[];
                } | null;
            }[];
            /** @description A list among the fields whose items' ids are ports, too. */
            portsField: string | null;
        };
        /** @description A kind of trigger. */
        FlowTrigger: {
            /** @example keyword */
            kind: string;
            icon: string;
            kinds: string[];
            fields: {
                name: string;
                /** @example template */
                kind: string;
                required: boolean;
                /** Format: int64 */
                min: number | null;
                /** Format: int64 */
                max: number | null;
                values: string[];
                default: unknown;
                of: string | null;
                when: {
                    field: string;
                    /** @description One of these values; empty: whatever it has. */
                    in: string[];
                } | null;
                advanced: boolean;
            }[];
        };
        /** @description What expressions and templates may use. */
        FlowFunctions: {
            functions: unknown;
            formatters: unknown;
            operators: unknown;
            errors: unknown;
            paths: {
                path: string;
                type: string;
            }[];
        };
        /** @description A flow to begin with. */
        FlowTemplate: {
            /** @example welcome */
            id: string;
            kind: string;
            name: {
                pt: string;
                es: string;
                en: string;
            };
            text: {
                pt: string;
                es: string;
                en: string;
            };
            /** Format: int64 */
            nodeCount: number;
        };
        /** @description Is it one? */
        FlowExpression: {
            ok: boolean;
            error?: {
                /**
                 * Format: int64
                 * @description Bytes from the beginning.
                 */
                at: number;
                code: string;
                message: string;
                subject: string | null;
            };
        };
        /** @description The address of a webhook trigger. */
        FlowHook: {
            triggerId: string;
            url: string;
            secretSet: boolean;
            /** Format: date-time */
            listeningUntil: string | null;
            /** Format: date-time */
            lastCallAt: string | null;
        };
        /** @description The address and its new secret. */
        FlowHookSecret: {
            triggerId: string;
            url: string;
            secretSet: boolean;
            /** Format: date-time */
            listeningUntil: string | null;
            /** Format: date-time */
            lastCallAt: string | null;
            /** @description Shown this once. */
            secret: string;
        };
        /** @description What was called lately. */
        FlowHookCalls: {
            /** Format: date-time */
            listeningUntil: string | null;
            /** @description Newest first. */
            calls: {
                /** Format: uuid */
                id: string;
                /** Format: date-time */
                at: string;
                /**
                 * Format: int64
                 * @description What was answered.
                 */
                status: number;
                /** @description Why it was refused, or what became of it. */
                code: string;
                method: string;
                query: unknown;
                /** @description Without secrets. */
                headers: unknown;
                body: unknown;
                /** Format: uuid */
                sessionId: string | null;
            }[];
        };
        /** @description A session has begun. */
        FlowStarted: {
            /** Format: uuid */
            sessionId: string;
            /** Format: uuid */
            chatId: string;
            /** Format: uuid */
            customerId: string;
        };
        /** @description What happened at each node. */
        FlowStats: {
            /** Format: date */
            from: string;
            /** Format: date */
            to: string;
            /** Format: int64 */
            version: number | null;
            nodes: {
                nodeId: string;
                /** Format: int64 */
                entered: number;
                /**
                 * Format: int64
                 * @description Now.
                 */
                waiting: number;
                /** Format: int64 */
                answered: number;
                /** Format: int64 */
                left: number;
                /** Format: int64 */
                failed: number;
                ports: {
                    port: string;
                    /** Format: int64 */
                    n: number;
                }[];
            }[];
        };
        /** @description A session of a flow. */
        FlowSession: {
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            flowId: string;
            /**
             * Format: int64
             * @description Null: a draft.
             */
            version?: number | null;
            test: boolean;
            /** @enum {string} */
            status: "running" | "waiting" | "paused" | "done" | "failed" | "stopped";
            endedHow: string;
            /** Format: uuid */
            chatId?: string | null;
            /** Format: uuid */
            customerId?: string | null;
            customerName?: string | null;
            /** Format: uuid */
            channelId?: string | null;
            nodeId?: string | null;
            nodeName?: string | null;
            wait?: {
                /** @enum {string} */
                kind: "answer" | "timer" | "http" | "call";
                nodeId: string;
                /** Format: date-time */
                until?: string | null;
                /** @description Of tests: the call to answer. */
                request?: {
                    /**
                     * Format: int64
                     * @description Of the session: part of its idempotency key.
                     */
                    n?: number;
                    method: string;
                    url: string;
                    headers?: unknown;
                    body?: string | null;
                    /** Format: int64 */
                    timeoutMs?: number;
                    /** Format: int64 */
                    retries?: number;
                } | null;
            } | null;
            /** Format: int64 */
            steps: number;
            trigger: unknown;
            error?: {
                code: string;
                message: string;
                nodeId?: string | null;
            } | null;
            /** @description Values are hidden from who may not see contacts. */
            masked: boolean;
            /** Format: date-time */
            startedAt: string;
            /** Format: date-time */
            updatedAt: string;
            /** Format: date-time */
            endedAt?: string | null;
        };
        /** @description A session with its trace. */
        FlowSessionDetail: {
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            flowId: string;
            /**
             * Format: int64
             * @description Null: a draft.
             */
            version?: number | null;
            test: boolean;
            /** @enum {string} */
            status: "running" | "waiting" | "paused" | "done" | "failed" | "stopped";
            endedHow: string;
            /** Format: uuid */
            chatId?: string | null;
            /** Format: uuid */
            customerId?: string | null;
            customerName?: string | null;
            /** Format: uuid */
            channelId?: string | null;
            nodeId?: string | null;
            nodeName?: string | null;
            wait?: {
                /** @enum {string} */
                kind: "answer" | "timer" | "http" | "call";
                nodeId: string;
                /** Format: date-time */
                until?: string | null;
                /** @description Of tests: the call to answer. */
                request?: {
                    /**
                     * Format: int64
                     * @description Of the session: part of its idempotency key.
                     */
                    n?: number;
                    method: string;
                    url: string;
                    headers?: unknown;
                    body?: string | null;
                    /** Format: int64 */
                    timeoutMs?: number;
                    /** Format: int64 */
                    retries?: number;
                } | null;
            } | null;
            /** Format: int64 */
            steps: number;
            trigger: unknown;
            error?: {
                code: string;
                message: string;
                nodeId?: string | null;
            } | null;
            /** @description Values are hidden from who may not see contacts. */
            masked: boolean;
            /** Format: date-time */
            startedAt: string;
            /** Format: date-time */
            updatedAt: string;
            /** Format: date-time */
            endedAt?: string | null;
            vars: unknown;
            log: {
                /** Format: int64 */
                n: number;
                /** Format: date-time */
                at: string;
                /** Format: uuid */
                flowId?: string | null;
                nodeId: string;
                type: string;
                name: string;
                /** @enum {string} */
                what: "entered" | "answered" | "timeout" | "http" | "returned" | "retried";
                /** @description Null: it waits, ended or failed. */
                port?: string | null;
                /** Format: int64 */
                ms: number;
                /** Format: int64 */
                us: number;
                data: unknown;
                error?: {
                    code: string;
                    message: string;
                    nodeId?: string | null;
                } | null;
            }[];
            transcript?: {
                id: string;
                /** Format: date-time */
                at: string;
                /** @enum {string} */
                from: "flow" | "customer" | "event";
                kind: string;
                text: string;
                options?: {
                    id: string;
                    title: string;
                    description?: string;
                }[] | null;
                display?: string | null;
                files?: unknown;
                template?: unknown;
                event?: {
                    kind: string;
                    text: string;
                };
                nodeId?: string | null;
            }[];
            /**
             * Format: date-time
             * @description Of a test: its time.
             */
            clock?: string;
            httpReal?: boolean;
        };
        /** @description A flow that can be started by hand. */
        FlowChoice: {
            /** Format: uuid */
            id: string;
            name: string;
        };
        /** @description A recorded test. */
        FlowTest: {
            /** Format: uuid */
            id: string;
            name: string;
            /** Format: date-time */
            at: string;
            /** Format: uuid */
            by?: string | null;
            lastResult?: {
                ok: boolean;
                message: string;
                /**
                 * Format: int64
                 * @description The act that was not possible, from 1.
                 */
                step?: number | null;
                /**
                 * Format: int64
                 * @description The first line of the flow that differs, from 0.
                 */
                line?: number | null;
                expected?: {
                    kind: string;
                    text: string;
                    /** @description Titles. */
                    options: string[];
                    event?: string;
                } | null;
                got?: {
                    kind: string;
                    text: string;
                    /** @description Titles. */
                    options: string[];
                    event?: string;
                } | null;
                /** Format: date-time */
                at: string;
            } | null;
        };
        /** @description How a recorded test went. */
        FlowTestResult: {
            /** Format: uuid */
            id: string;
            name: string;
            ok: boolean;
            message: string;
            /**
             * Format: int64
             * @description The act that was not possible, from 1.
             */
            step?: number | null;
            /**
             * Format: int64
             * @description The first line of the flow that differs, from 0.
             */
            line?: number | null;
            expected?: {
                kind: string;
                text: string;
                /** @description Titles. */
                options: string[];
                event?: string;
            } | null;
            got?: {
                kind: string;
                text: string;
                /** @description Titles. */
                options: string[];
                event?: string;
            } | null;
        };
        /** @description A test that is gone. */
        FlowTestRemoved: {
            /** Format: uuid */
            id: string;
        };
        /** @description A call of a node, tried. */
        FlowHttpTest: {
            request: {
                method: string;
                url: string;
                headers: {
                    name: string;
                    value: string;
                }[];
                body: string | null;
            };
            /** @description It answered below 400. */
            ok: boolean;
            /**
             * Format: int64
             * @description 0: no answer.
             */
            status: number;
            headers: {
                name: string;
                value: string;
            }[];
            /** @description At most 64 KB. */
            body: string;
            bodyTruncated: boolean;
            /** Format: int64 */
            tookMs: number;
            error: {
                code: string;
                message: string;
                nodeId?: string | null;
            } | null;
            sets: {
                variable: string;
                /** @description Null: the variable of the status, or of the whole answer. */
                path: string | null;
                found: boolean;
                value: unknown;
                error: {
                    code: string;
                    message: string;
                    nodeId?: string | null;
                } | null;
            }[];
        };
        SessionSignupBody: {
            /**
             * @description Its name.
             * @example Quintal da Lola
             */
            organization: string;
            /**
             * @description Of the owner.
             * @example Marina Duarte
             */
            name: string;
            /**
             * Format: email
             * @example marina@quintaldalola.com.br
             */
            email: string;
            /** @description At least 8 characters. */
            password: string;
            /**
             * @default pt
             * @enum {string}
             */
            language: "pt" | "es" | "en";
            /**
             * @description IANA name.
             * @default America/Sao_Paulo
             */
            timeZone: string;
            /**
             * @description ISO 4217.
             * @default BRL
             */
            currency: string;
            /**
             * @description ISO 3166, two letters.
             * @default BR
             */
            country: string;
        };
        SessionLoginBody: {
            /** Format: email */
            email: string;
            password: string;
        };
        SessionTotpBody: {
            /** @description From POST /api/login. */
            ticket: string;
            /** @description Six digits of the authenticator app. */
            code?: string;
            /** @description Instead of a code; each is good once. */
            recoveryCode?: string;
        };
        MeUpdateBody: {
            name?: string;
            /** @enum {string} */
            language?: "pt" | "es" | "en";
            /** @description Merged into what is there; null removes a member; 16 KB in all. */
            settings?: Record<string, never>;
            /**
             * Format: email
             * @description Needs the password.
             */
            email?: string;
            password?: string;
        };
        MePasswordBody: {
            current: string;
            /** @description At least 8 characters. */
            password: string;
        };
        MeTotpConfirmBody: {
            code: string;
        };
        MeTotpDisableBody: {
            password: string;
        };
        OrganizationsCreateBody: {
            name: string;
            /**
             * @default pt
             * @enum {string}
             */
            language: "pt" | "es" | "en";
            /**
             * @description IANA name.
             * @default America/Sao_Paulo
             */
            timeZone: string;
            /**
             * @description ISO 4217.
             * @default BRL
             */
            currency: string;
            /**
             * @description ISO 3166, two letters.
             * @default BR
             */
            country: string;
        };
        PasswordForgotBody: {
            /** Format: email */
            email: string;
        };
        PasswordResetBody: {
            /** @description From the link /reset/{token}. */
            token: string;
            password: string;
        };
        InvitationAcceptBody: {
            /** @description Of a new account; whoever is logged in needs nothing here. */
            name?: string;
            /**
             * Format: email
             * @description Of a new account, unless the invitation names one.
             */
            email?: string;
            password?: string;
            /** @enum {string} */
            language?: "pt" | "es" | "en";
        };
        UsersUpdateBody: {
            /** Format: uuid */
            roleId?: string;
            /** @enum {string} */
            status?: "active" | "suspended";
            /**
             * Format: int64
             * @description Open chats at once for automatic distribution; 0 is no limit.
             */
            capacity?: number;
            teamIds?: string[];
        };
        UsersAvailabilityBody: {
            /** @enum {string} */
            availability: "online" | "away";
        };
        InvitationsCreateBody: {
            /**
             * Format: email
             * @description Absent: whoever has the link may use it, once.
             */
            email?: string;
            /** Format: uuid */
            roleId: string;
            teamIds?: string[];
        };
        RolesCreateBody: {
            name: string;
            /**
             * @description Names from GET permissions.
             * @default []
             */
            permissions: string[];
        };
        RolesUpdateBody: {
            name?: string;
            permissions?: string[];
        };
        TeamsCreateBody: {
            /** @example Vendas */
            name: string;
            color?: string;
            /** Format: uuid */
            leaderId?: string | null;
            /** @description All of them, in the order of distribution. */
            memberIds?: string[];
            /**
             * @description Opening hours by day; null is always.
             * @example {
             *       "mon": [
             *         [
             *           "08:00",
             *           "18:00"
             *         ]
             *       ]
             *     }
             */
            hours?: unknown;
            /** @enum {string} */
            distribution?: "manual" | "least_open" | "round_robin";
        };
        TeamsUpdateBody: {
            name?: string;
            color?: string;
            /** Format: uuid */
            leaderId?: string | null;
            /** @description All of them, in the order of distribution. */
            memberIds?: string[];
            /**
             * @description Opening hours by day; null is always.
             * @example {
             *       "mon": [
             *         [
             *           "08:00",
             *           "18:00"
             *         ]
             *       ]
             *     }
             */
            hours?: unknown;
            /** @enum {string} */
            distribution?: "manual" | "least_open" | "round_robin";
        };
        ApiKeysCreateBody: {
            /** @example Loja virtual */
            name: string;
            /**
             * @description Addresses and networks (CIDR) that may use it; empty: all.
             * @example [
             *       "203.0.113.0/24"
             *     ]
             */
            allowedAddresses?: string[];
            /** @description Names from GET permissions. Or roleId. */
            permissions?: string[];
            /**
             * Format: uuid
             * @description It may do what this role may, also when the role changes.
             */
            roleId?: string;
            /**
             * Format: int64
             * @default 600
             */
            ratePerMinute: number;
        };
        OrganizationUpdateBody: {
            name?: string;
            /** @description IANA name. */
            timeZone?: string;
            /** @enum {string} */
            language?: "pt" | "es" | "en";
            /** @description ISO 4217. */
            currency?: string;
            /** @description ISO 3166, two letters; for phone numbers without a country code. */
            country?: string;
            /** @description Merged into what is there; null removes a member. reopenHours: for so many hours (0 to 720) a message opens the closed chat again. hours: {mon: [["08:00", "18:00"]], …}, where a team or a channel has none. holidays: ["2026-12-24", of every year "12-25"]: nobody is at work. */
            settings?: Record<string, never>;
        };
        SmtpPutBody: {
            /** @example smtp.exemplo.com.br */
            host: string;
            /**
             * Format: int64
             * @example 587
             */
            port: number;
            /**
             * @default starttls
             * @enum {string}
             */
            security: "tls" | "starttls" | "none";
            user?: string;
            /** @description Absent: the old one stays, for the same server and user. */
            password?: string | null;
            /**
             * Format: email
             * @example equipe@exemplo.com.br
             */
            from: string;
            fromName?: string;
        };
        SmtpTestBody: {
            /** Format: email */
            to: string;
        };
        CustomersCreateBody: {
            /** @example Ana Souza */
            name?: string;
            /**
             * @example [
             *       {
             *         "type": "phone",
             *         "value": "11 98421-7730"
             *       }
             *     ]
             */
            contacts?: {
                /**
                 * @description Or type.
                 * @enum {string}
                 */
                kind?: "phone" | "whatsapp" | "email" | "instagram" | "messenger" | "facebook" | "telegram" | "webchat" | "other";
                /** @enum {string} */
                type?: "phone" | "whatsapp" | "email" | "instagram" | "messenger" | "facebook" | "telegram" | "webchat" | "other";
                /** @description Or value. Telephone numbers in any notation. */
                identifier?: string;
                value?: string;
                label?: string;
                isPrimary?: boolean;
            }[];
            /**
             * Format: email
             * @description Short for a contact of kind email.
             */
            email?: string;
            /**
             * Format: phone
             * @description Short for a contact of kind phone.
             */
            phone?: string;
            /** @description Blocks doubles by its letters and digits. */
            document?: string | null;
            /** @enum {string} */
            kind?: "person" | "company";
            /**
             * @description As kind.
             * @enum {string}
             */
            person_type?: "person" | "company" | "individual" | "fisica" | "juridica" | "natural" | "pf" | "pj";
            /** Format: date */
            birthDate?: string | null;
            /**
             * @description ISO 3166 alpha-2.
             * @example BR
             */
            country?: string | null;
            /** @enum {string|null} */
            language?: "pt" | "es" | "en" | null;
            address?: {
                street?: string;
                number?: string;
                complement?: string;
                district?: string;
                city?: string;
                state?: string;
                postalCode?: string;
                country?: string;
            } | null;
            /** Format: uuid */
            avatarFileId?: string | null;
            pinnedNote?: string;
            /** Format: uuid */
            ownerId?: string | null;
            /** Format: uuid */
            stageId?: string | null;
            stageOrder?: number;
            /** Format: int64 */
            valueMinor?: number | null;
            /** @description As valueMinor, in major units. */
            salePrice?: number | null;
            utm?: Record<string, never>;
            tags?: string[];
            /** @description As tags. */
            selectedTags?: string[];
            /** @description Custom fields: {slug: value}. */
            fields?: unknown;
            /** @description As fields; also [{slug, value}]. */
            customFields?: unknown;
            /** @default false */
            allowDuplicateContacts: boolean;
            /** @description Where the customer came from; api for keys, else manual. */
            source?: string;
        };
        CustomersUpdateBody: {
            /** @example Ana Souza */
            name?: string;
            /**
             * @example [
             *       {
             *         "type": "phone",
             *         "value": "11 98421-7730"
             *       }
             *     ]
             */
            contacts?: {
                /**
                 * @description Or type.
                 * @enum {string}
                 */
                kind?: "phone" | "whatsapp" | "email" | "instagram" | "messenger" | "facebook" | "telegram" | "webchat" | "other";
                /** @enum {string} */
                type?: "phone" | "whatsapp" | "email" | "instagram" | "messenger" | "facebook" | "telegram" | "webchat" | "other";
                /** @description Or value. Telephone numbers in any notation. */
                identifier?: string;
                value?: string;
                label?: string;
                isPrimary?: boolean;
            }[];
            /**
             * Format: email
             * @description Short for a contact of kind email.
             */
            email?: string;
            /**
             * Format: phone
             * @description Short for a contact of kind phone.
             */
            phone?: string;
            /** @description Blocks doubles by its letters and digits. */
            document?: string | null;
            /** @enum {string} */
            kind?: "person" | "company";
            /**
             * @description As kind.
             * @enum {string}
             */
            person_type?: "person" | "company" | "individual" | "fisica" | "juridica" | "natural" | "pf" | "pj";
            /** Format: date */
            birthDate?: string | null;
            /**
             * @description ISO 3166 alpha-2.
             * @example BR
             */
            country?: string | null;
            /** @enum {string|null} */
            language?: "pt" | "es" | "en" | null;
            address?: {
                street?: string;
                number?: string;
                complement?: string;
                district?: string;
                city?: string;
                state?: string;
                postalCode?: string;
                country?: string;
            } | null;
            /** Format: uuid */
            avatarFileId?: string | null;
            pinnedNote?: string;
            /** Format: uuid */
            ownerId?: string | null;
            /** Format: uuid */
            stageId?: string | null;
            stageOrder?: number;
            /** Format: int64 */
            valueMinor?: number | null;
            /** @description As valueMinor, in major units. */
            salePrice?: number | null;
            utm?: Record<string, never>;
            tags?: string[];
            /** @description As tags. */
            selectedTags?: string[];
            /** @description Custom fields: {slug: value}. */
            fields?: unknown;
            /** @description As fields; also [{slug, value}]. */
            customFields?: unknown;
            /** @default false */
            allowDuplicateContacts: boolean;
            /**
             * Format: int64
             * @description Refuses the change when the customer has another version by now.
             */
            version?: number;
        };
        CustomersMergeBody: {
            /**
             * Format: uuid
             * @description Goes into the customer of the path.
             */
            mergeId: string;
            /**
             * @description Where both records have something the customer of the path keeps theirs, but for what stands here: name, document, birthDate, address, owner, stage, value, pinnedNote, field:<slug>.
             * @example [
             *       "name",
             *       "birthDate"
             *     ]
             */
            values?: string[];
        };
        CustomersBulkBody: {
            /** @enum {string} */
            action: "tag" | "untag" | "stage" | "owner" | "delete";
            customerIds?: string[];
            /** @description Everything that this matches, instead of customerIds: 500 at a time, see next. */
            filter?: Record<string, never>;
            /** @description next of the answer before; with filter. */
            cursor?: string;
            /**
             * Format: uuid
             * @description tag, untag
             */
            tagId?: string;
            /**
             * Format: uuid
             * @description stage; null: out of the funnel
             */
            stageId?: string | null;
            /**
             * Format: uuid
             * @description owner; null: nobody
             */
            ownerId?: string | null;
        };
        CustomersAddContactBody: {
            /** @enum {string} */
            kind: "phone" | "whatsapp" | "email" | "instagram" | "messenger" | "facebook" | "telegram" | "webchat" | "other";
            /** @example 11 98421-7730 */
            identifier: string;
            label?: string;
            isPrimary?: boolean;
            /** @default false */
            allowDuplicateContacts: boolean;
        };
        CustomersUpdateContactBody: {
            identifier?: string;
            label?: string;
            isPrimary?: boolean;
        };
        CustomersAddTagBody: {
            /** Format: uuid */
            tagId: string;
            /**
             * Format: uuid
             * @description Where it was tagged: a chat of the customer; not kept.
             */
            chatId?: string;
        };
        CustomersAddNoteBody: {
            title: string;
            content?: string;
        };
        CustomersUpdateNoteBody: {
            title?: string;
            content?: string;
            /**
             * Format: uuid
             * @description Accepted for integrations; the path says which note.
             */
            id?: string;
        };
        CustomersStageBody: {
            /**
             * Format: uuid
             * @description null takes the customer out of the funnel.
             */
            stageId: string | null;
            /** @description Place in the stage, lowest on top; on top when left out. */
            stageOrder?: number;
            /** @description Why; kept in the history. */
            notes?: string;
            /**
             * Format: uuid
             * @description The chat in which it was decided.
             */
            chatId?: string | null;
        };
        CustomersSetFieldValueBody: {
            slug?: string;
            /** Format: uuid */
            field_definition_id?: string;
            /** @description Checked by the field's kind; null clears. */
            value: unknown;
        };
        TagsCreateBody: {
            /** @example VIP */
            name: string;
            /** @example #7c3aed */
            color?: string;
        };
        TagsUpdateBody: {
            name?: string;
            color?: string;
        };
        FieldsCreateBody: {
            name: string;
            /** @enum {string} */
            kind: "text" | "long_text" | "number" | "money" | "date" | "datetime" | "select" | "multi_select" | "yes_no" | "link" | "phone" | "email" | "file";
            /** @description Begins with a letter; made from the name when left out. */
            slug?: string;
            /** @description Of the select kinds. */
            options?: {
                /** @description Of an option that is there; left out for a new one. */
                id?: string;
                label: string;
                color?: string;
            }[];
            /**
             * @description close: a chat cannot be closed while it is empty.
             * @enum {string}
             */
            required?: "no" | "close" | "always";
            help?: string;
            /** Format: int64 */
            position?: number;
        };
        FieldsUpdateBody: {
            name?: string;
            /** @description Begins with a letter; made from the name when left out. */
            slug?: string;
            /** @description Of the select kinds. */
            options?: {
                /** @description Of an option that is there; left out for a new one. */
                id?: string;
                label: string;
                color?: string;
            }[];
            /**
             * @description close: a chat cannot be closed while it is empty.
             * @enum {string}
             */
            required?: "no" | "close" | "always";
            help?: string;
            /** Format: int64 */
            position?: number;
        };
        FunnelsCreateBody: {
            name: string;
            /** Format: int64 */
            position?: number;
            /** @description In their order. */
            stages?: {
                name: string;
                color?: string;
                /** @enum {string} */
                kind?: "open" | "won" | "lost";
                /** Format: int64 */
                position?: number;
            }[];
        };
        FunnelsUpdateBody: {
            name?: string;
            /** Format: int64 */
            position?: number;
        };
        StagesCreateBody: {
            name: string;
            color?: string;
            /** @enum {string} */
            kind?: "open" | "won" | "lost";
            /** Format: int64 */
            position?: number;
        };
        StagesUpdateBody: {
            name?: string;
            color?: string;
            /** @enum {string} */
            kind?: "open" | "won" | "lost";
            /** Format: int64 */
            position?: number;
        };
        ChannelsCreateBody: {
            /** @example webchat */
            kind: string;
            /** @example Site */
            name?: string;
            /**
             * @description What people know it by; of e-mail: the mailbox.
             * @example loja.example
             */
            address?: string;
            /** @description Of its kind: GET …/channel-kinds has the rows. */
            settings?: unknown;
            /** @description Kept sealed; never given back. What is left out stays. */
            secrets?: unknown;
            /** @description Of a login at the platform (channels.oauthFinish), instead of secrets. */
            ticket?: string | null;
            /** @description With ticket: the account that was chosen. */
            accountId?: string | null;
            /** Format: uuid */
            defaultTeamId?: string | null;
            /**
             * Format: uuid
             * @description Where a new customer who writes here is put in the funnel.
             */
            defaultStageId?: string | null;
            /** @description Sent once at the beginning of a chat, in the customer's language. */
            greeting?: {
                pt?: string;
                es?: string;
                en?: string;
            };
            /** @description The same outside the opening hours. */
            away?: {
                pt?: string;
                es?: string;
                en?: string;
            };
            /** @description {"mon":[["08:00","12:00"],["13:00","18:00"]],…} in the organization's zone; null: always open. */
            hours?: unknown;
        };
        ChannelsCheckBody: {
            /** @example webchat */
            kind: string;
            /**
             * @description What people know it by; of e-mail: the mailbox.
             * @example loja.example
             */
            address?: string;
            /** @description Of its kind: GET …/channel-kinds has the rows. */
            settings?: unknown;
            /** @description Kept sealed; never given back. What is left out stays. */
            secrets?: unknown;
            /** @description Of a login at the platform (channels.oauthFinish), instead of secrets. */
            ticket?: string | null;
            /** @description With ticket: the account that was chosen. */
            accountId?: string | null;
        };
        ChannelsUpdateBody: {
            /** @example Site */
            name?: string;
            /**
             * @description What people know it by; of e-mail: the mailbox.
             * @example loja.example
             */
            address?: string;
            /** @description Of its kind: GET …/channel-kinds has the rows. */
            settings?: unknown;
            /** @description Kept sealed; never given back. What is left out stays. */
            secrets?: unknown;
            /** @description Of a login at the platform (channels.oauthFinish), instead of secrets. */
            ticket?: string | null;
            /** @description With ticket: the account that was chosen. */
            accountId?: string | null;
            /** Format: uuid */
            defaultTeamId?: string | null;
            /**
             * Format: uuid
             * @description Where a new customer who writes here is put in the funnel.
             */
            defaultStageId?: string | null;
            /** @description Sent once at the beginning of a chat, in the customer's language. */
            greeting?: {
                pt?: string;
                es?: string;
                en?: string;
            };
            /** @description The same outside the opening hours. */
            away?: {
                pt?: string;
                es?: string;
                en?: string;
            };
            /** @description {"mon":[["08:00","12:00"],["13:00","18:00"]],…} in the organization's zone; null: always open. */
            hours?: unknown;
        };
        ChannelsCheckOneBody: {
            /**
             * @description What people know it by; of e-mail: the mailbox.
             * @example loja.example
             */
            address?: string;
            /** @description Of its kind: GET …/channel-kinds has the rows. */
            settings?: unknown;
            /** @description Kept sealed; never given back. What is left out stays. */
            secrets?: unknown;
            /** @description Of a login at the platform (channels.oauthFinish), instead of secrets. */
            ticket?: string | null;
            /** @description With ticket: the account that was chosen. */
            accountId?: string | null;
        };
        ChannelsReconnectBody: {
            /**
             * @description What people know it by; of e-mail: the mailbox.
             * @example loja.example
             */
            address?: string;
            /** @description Of its kind: GET …/channel-kinds has the rows. */
            settings?: unknown;
            /** @description Kept sealed; never given back. What is left out stays. */
            secrets?: unknown;
            /** @description Of a login at the platform (channels.oauthFinish), instead of secrets. */
            ticket?: string | null;
            /** @description With ticket: the account that was chosen. */
            accountId?: string | null;
        };
        ChannelsOauthFinishBody: {
            /** @description What the platform gave the browser; good once. */
            code: string;
            state: string;
            /**
             * Format: uri
             * @description As at the beginning; absent when the platform's own popup was used.
             */
            redirectUri?: string;
            /** @description WhatsApp: as the popup said. */
            wabaId?: string;
            /** @description The same. */
            phoneNumberId?: string;
        };
        WebchatSendBody: {
            text?: string;
            /** @description Made by the page: the same one never makes a second message. */
            clientId: string;
            /** Format: uuid */
            replyTo?: string | null;
            /** @description Id of a button or row that the message in replyTo offers. Its title becomes the text; a message is answered once, and the second answer gives the first. */
            answer?: string;
            name?: string;
            /** Format: email */
            email?: string;
            /** Format: phone */
            phone?: string;
            page?: string;
            referrer?: string;
        };
        WebchatReadBody: {
            /** Format: uuid */
            messageId: string;
            /**
             * @default read
             * @enum {string}
             */
            status: "delivered" | "read";
        };
        TemplatesCreateBody: {
            /**
             * @description a-z, 0-9 and _.
             * @example retorno_de_consulta
             */
            name: string;
            /**
             * @description As the platform writes it.
             * @example pt_BR
             */
            language: string;
            /** @enum {string} */
            category: "UTILITY" | "MARKETING" | "AUTHENTICATION";
            /**
             * @description Variables are {{1}}, {{2}}, … or {{name}}.
             * @default positional
             * @enum {string}
             */
            format: "positional" | "named";
            /**
             * @description HEADER, BODY, FOOTER, BUTTONS, with examples of the variables.
             * @example [
             *       {
             *         "type": "BODY",
             *         "text": "Olá {{1}}, seu pedido chegou.",
             *         "example": {
             *           "body_text": [
             *             [
             *               "Ana"
             *             ]
             *           ]
             *         }
             *       }
             *     ]
             */
            components: unknown[];
        };
        ChatsAssignBody: {
            /**
             * Format: uuid
             * @description Null puts the chat back into the queue.
             */
            userId: string | null;
        };
        ChatsTransferBody: {
            /** Format: uuid */
            teamId?: string | null;
            /** Format: uuid */
            userId?: string | null;
            /** @description For whoever takes over; never sent to the customer. */
            note?: string;
        };
        ChatsStatusBody: {
            /** @enum {string} */
            status: "pending" | "in_progress" | "waiting";
        };
        ChatsCloseBody: {
            /**
             * Format: uuid
             * @description Needed when the organization has closure types.
             */
            closureTypeId?: string | null;
            note?: string;
        };
        ChatsSnoozeBody: {
            /**
             * Format: date-time
             * @description Null wakes it.
             * @example 2026-11-20T09:00:00Z
             */
            until: string | null;
        };
        ChatsArchiveBody: {
            archived: boolean;
        };
        ChatsPriorityBody: {
            /** Format: int64 */
            priority: number;
        };
        ChatsPinBody: {
            /** Format: uuid */
            messageId: string | null;
        };
        ChatsReadBody: {
            /**
             * Format: int64
             * @description The last message on the screen; default: all.
             */
            seq?: number;
        };
        MessagesSendBody: {
            /**
             * @description Needed unless there are files.
             * @example Bom dia! Como posso ajudar?
             */
            content?: string;
            /** @description Made by the sender: the same one never makes a second message. */
            clientId?: string;
            /** Format: uuid */
            replyToMessageId?: string | null;
            fileIds?: string[];
            /** Format: date-time */
            scheduledFor?: string | null;
            /**
             * @description What it is besides text: one of buttons [{id, title}], list {button, sections: [{title, rows: [{id, title, description}]}]}, link {title, url}, location {latitude, longitude, name, address}, contacts; mail {subject, cc, bcc}; voice: true.
             * @example {
             *       "buttons": [
             *         {
             *           "id": "sim",
             *           "title": "Sim"
             *         }
             *       ]
             *     }
             */
            data?: unknown;
            /** @description Instead of content: {name, language, parameters: {header, body, buttons}}. */
            template?: unknown;
        };
        MessagesNoteBody: {
            /**
             * @description Needed unless there are files.
             * @example Cliente antigo, dar desconto.
             */
            content?: string;
            clientId?: string;
            /** @description Users to tell. */
            mentions?: string[];
            fileIds?: string[];
        };
        MessagesEditBody: {
            content: string;
        };
        MessagesReactBody: {
            /**
             * @description Null takes it back.
             * @example 👍
             */
            emoji: string | null;
        };
        ChatsBulkBody: {
            /** @enum {string} */
            action: "take" | "assign" | "transfer" | "close" | "reopen" | "read" | "tag";
            chatIds?: string[];
            /** @description Everything that this matches, instead of chatIds. */
            filter?: {
                /**
                 * @default all
                 * @enum {string}
                 */
                view: "all" | "mine" | "unassigned" | "waiting" | "closed" | "any";
                status?: string;
                teamId?: string;
                tagId?: string;
                channelId?: string;
                assigneeId?: string;
                /** Format: uuid */
                customerId?: string;
                unread?: boolean;
                /** @default false */
                snoozed: boolean;
                /** @default false */
                archived: boolean;
            };
            /**
             * Format: uuid
             * @description assign, transfer
             */
            userId?: string | null;
            /**
             * Format: uuid
             * @description transfer
             */
            teamId?: string | null;
            /** @description transfer, close */
            note?: string;
            /**
             * Format: uuid
             * @description close
             */
            closureTypeId?: string | null;
            /**
             * Format: uuid
             * @description tag
             */
            tagId?: string;
        };
        ShortcutsCreateBody: {
            /**
             * @description Without spaces; called by / and it.
             * @example ola
             */
            keyword: string;
            title?: string;
            steps: {
                /**
                 * @default
                 * @example {{greeting}}, {{customer.firstName}}!
                 */
                content: string;
                /** @default [] */
                fileIds: string[];
                /**
                 * Format: int64
                 * @default 0
                 */
                delayMs: number;
            }[];
            /** @description Only for these teams; empty: for all. */
            teamIds?: string[];
            /**
             * @description Of the organization; needs shortcuts.manage.
             * @default false
             */
            shared: boolean;
        };
        ShortcutsUpdateBody: {
            /**
             * @description Without spaces; called by / and it.
             * @example ola
             */
            keyword?: string;
            title?: string;
            steps?: {
                /**
                 * @default
                 * @example {{greeting}}, {{customer.firstName}}!
                 */
                content: string;
                /** @default [] */
                fileIds: string[];
                /**
                 * Format: int64
                 * @default 0
                 */
                delayMs: number;
            }[];
            /** @description Only for these teams; empty: for all. */
            teamIds?: string[];
        };
        ShortcutsRenderBody: {
            /** Format: uuid */
            chatId: string;
        };
        ClosureTypesCreateBody: {
            name: string;
            color?: string;
            needsNote?: boolean;
            /** Format: int64 */
            position?: number;
        };
        ClosureTypesUpdateBody: {
            name?: string;
            color?: string;
            needsNote?: boolean;
            /** Format: int64 */
            position?: number;
        };
        ViewsCreateBody: {
            name: string;
            icon?: string;
            color?: string;
            /** @description The query of chats.list as an object. */
            filter?: unknown;
            /** Format: int64 */
            position?: number;
        };
        ViewsUpdateBody: {
            name?: string;
            icon?: string;
            color?: string;
            /** @description The query of chats.list as an object. */
            filter?: unknown;
            /** Format: int64 */
            position?: number;
        };
        PublicChatCreateBody: {
            /** @enum {string} */
            contactType: "whatsapp" | "phone" | "email" | "instagram" | "facebook" | "telegram" | "webchat";
            /** @example +55 11 98421-7730 */
            contactValue: string;
            /** Format: uuid */
            channelId: string;
            /** Format: uuid */
            customerId?: string | null;
            customerName?: string | null;
            /** Format: uuid */
            teamId?: string | null;
            /**
             * @description Text, or {type: text|image|video|audio|document, content, url, name, mimetype}.
             * @example Olá! Vimos o seu pedido.
             */
            initialMessage?: unknown;
            /**
             * @description Stays in the queue although a message was sent.
             * @default false
             */
            keepPending: boolean;
            /** @description A note for the team. */
            contextMessage?: string | null;
            utm?: unknown;
            /** @description {slug: value} or [{slug, value}]; fills only what is empty. */
            customFields?: unknown;
            /** @description Names of existing tags. */
            tags?: string[] | null;
            email?: string | null;
            phone?: string | null;
            /** @description {id or templateId, variables}; on channels that have templates, else templateError says so. */
            whatsappTemplate?: unknown;
            /** @description The same by name: {name, language, parameters}. */
            template?: unknown;
            /** @description Of the initial message, as in messages.send: {buttons}, {mail: {subject, cc, bcc}}, … */
            data?: unknown;
            /** @description Starts at once; flowInitiated says whether it did, else flowError why not. */
            flowId?: string | null;
            /** @description Starts when the customer answers; responseFlowScheduled, else responseFlowError. The chat shows it as responseFlow until then, until a later one takes its place, a person takes the chat, or it closes. */
            responseFlowId?: string | null;
            /** @description [{name, value}] or {name: value}; of both flows. */
            flowVariables?: unknown;
        };
        PublicMessageCreateBody: {
            /** @description Needed unless there are attachments. */
            content?: string;
            /** Format: uuid */
            replyToMessageId?: string | null;
            /** Format: date-time */
            scheduledFor?: string | null;
            attachment_ids?: string[];
            url_attachments?: {
                /** Format: uri */
                url: string;
                name?: string;
            }[];
            /** @description Contact cards, where the channel takes them. */
            contacts?: unknown;
            /**
             * @description What it is besides text, as in messages.send: {buttons}, {list}, {link}, …
             * @example {
             *       "buttons": [
             *         {
             *           "id": "sim",
             *           "title": "Sim"
             *         }
             *       ]
             *     }
             */
            data?: unknown;
            /** @description Kept with the message, as data.metadata. */
            metadata?: unknown;
            /** @description Puts the agent's name in a line before the text. */
            signMessage?: boolean;
            /**
             * Format: uuid
             * @description Only the chat's own channel.
             */
            auxiliaryChannelId?: string | null;
        };
        PublicSequenceCreateBody: {
            steps: {
                content?: string;
                attachment_ids?: string[];
                url_attachments?: {
                    /** Format: uri */
                    url: string;
                    name?: string;
                }[];
                /** @description As signMessage. */
                sign_message?: boolean;
                /**
                 * Format: int64
                 * @description Pause before the next step.
                 */
                delay_after_ms?: number;
                tempId?: string | null;
            }[];
            /** Format: uuid */
            replyToMessageId?: string | null;
            /**
             * Format: uuid
             * @description Only the chat's own channel.
             */
            auxiliaryChannelId?: string | null;
        };
        PublicTemplateSendBody: {
            /** @description Of GET …/templates. */
            templateId: string;
            /** @description Of the body: a list by position, or an object by name. */
            variables?: unknown;
            tempId?: string | null;
        };
        PublicChatResolveBody: {
            /** Format: uuid */
            closureTypeId?: string | null;
            note?: string;
        };
        PublicChatToTeamBody: {
            /** Format: uuid */
            teamId: string;
            note?: string;
        };
        PublicChatToAgentBody: {
            /** Format: uuid */
            userId: string;
            note?: string;
        };
        PublicChatAttendBody: {
            /** Format: uuid */
            userId: string;
        };
        WebhooksCreateBody: {
            /** @example ERP */
            name: string;
            /**
             * Format: uri
             * @description Where notifications are sent by POST: https, on the public internet.
             * @example https://erp.example.com/interflow
             */
            url: string;
            /**
             * @description Names from webhooks.types.
             * @example [
             *       "message.received",
             *       "chat.closed"
             *     ]
             */
            events: string[];
            /** @description Of chats and messages only those of these teams; empty: all. */
            teamIds?: string[];
            /** @description Of chats and messages only those of these channels; empty: all. */
            channelIds?: string[];
            /** @default true */
            active: boolean;
        };
        WebhooksUpdateBody: {
            /** @example ERP */
            name?: string;
            /**
             * Format: uri
             * @description Where notifications are sent by POST: https, on the public internet.
             * @example https://erp.example.com/interflow
             */
            url?: string;
            /**
             * @description Names from webhooks.types.
             * @example [
             *       "message.received",
             *       "chat.closed"
             *     ]
             */
            events?: string[];
            /** @description Of chats and messages only those of these teams; empty: all. */
            teamIds?: string[];
            /** @description Of chats and messages only those of these channels; empty: all. */
            channelIds?: string[];
            /** @description Switched on again it is told of what happens from then on; what waits is sent. */
            active?: boolean;
        };
        WebhooksReplayBody: {
            /**
             * Format: date-time
             * @description Notifications that were given up and are not older than this.
             * @example 2026-11-19T00:00:00Z
             */
            since: string;
        };
        FlowsCreateBody: {
            /** @example Boas-vindas */
            name: string;
            /**
             * @default general
             * @enum {string}
             */
            kind: "general" | "closing" | "stage" | "transfer";
            /**
             * @description From flows.templates; its kind counts then.
             * @example welcome
             */
            templateId?: string;
            /**
             * @description Of the template's texts; absent: who asks.
             * @example pt
             * @enum {string}
             */
            language?: "pt" | "es" | "en";
        };
        FlowsImportBody: {
            /**
             * @description What flows.export gave.
             * @example {
             *       "format": 1,
             *       "kind": "interflow.flow",
             *       "name": "Boas-vindas",
             *       "flowKind": "general",
             *       "graph": {
             *         "format": 1,
             *         "nodes": [
             *           {
             *             "id": "start",
             *             "type": "start",
             *             "name": "",
             *             "x": 0,
             *             "y": 0,
             *             "data": {
             *               "triggers": []
             *             }
             *           }
             *         ],
             *         "edges": [],
             *         "groups": [],
             *         "comments": [],
             *         "variables": [],
             *         "settings": {
             *           "debounceMs": 0,
             *           "language": ""
             *         }
             *       },
             *       "refs": {}
             *     }
             */
            file: unknown;
            /** @description Absent: that of the file. */
            name?: string;
        };
        FlowsUpdateBody: {
            /** @example Boas-vindas */
            name?: string;
            /** @description Off: nothing starts any more; what runs goes on to its end. */
            enabled?: boolean;
            /**
             * Format: int64
             * @description Of two flows that could start, the higher one does.
             * @example 0
             */
            priority?: number;
        };
        FlowsSaveDraftBody: {
            /**
             * @example {
             *       "format": 1,
             *       "nodes": [
             *         {
             *           "id": "start",
             *           "type": "start",
             *           "name": "",
             *           "x": 0,
             *           "y": 0,
             *           "data": {
             *             "triggers": []
             *           }
             *         }
             *       ],
             *       "edges": [],
             *       "groups": [],
             *       "comments": [],
             *       "variables": [],
             *       "settings": {
             *         "debounceMs": 0,
             *         "language": ""
             *       }
             *     }
             */
            graph: unknown;
            /**
             * Format: int64
             * @description Of the draft that was changed.
             * @example 1
             */
            revision: number;
        };
        FlowsCheckBody: {
            /**
             * @description Absent: the draft.
             * @example {
             *       "format": 1,
             *       "nodes": [
             *         {
             *           "id": "start",
             *           "type": "start",
             *           "name": "",
             *           "x": 0,
             *           "y": 0,
             *           "data": {
             *             "triggers": []
             *           }
             *         }
             *       ],
             *       "edges": [],
             *       "groups": [],
             *       "comments": [],
             *       "variables": [],
             *       "settings": {
             *         "debounceMs": 0,
             *         "language": ""
             *       }
             *     }
             */
            graph?: unknown;
        };
        FlowsPublishBody: {
            /** @default  */
            note: string;
            /**
             * Format: int64
             * @description Publish only when this is the draft.
             */
            revision?: number;
            /**
             * @description Also when recorded tests fail; the version says so.
             * @default false
             */
            force: boolean;
        };
        FlowsCheckExpressionBody: {
            /** @example upper(customer.name) */
            expression?: string;
            /** @description Instead of an expression: a text with {{ … }}. */
            template?: string;
        };
        FlowHooksUpdateBody: {
            /** @description What the caller proves itself by; null: none. */
            secret: string | null;
        };
        FlowsStartBody: {
            /**
             * Format: uuid
             * @description An open chat; or a channel and a contact:
             */
            chatId?: string;
            /** Format: uuid */
            channelId?: string;
            /**
             * @description As in chat/create.
             * @example whatsapp
             */
            contactType?: string;
            /** @example +5511984217730 */
            contactValue?: string;
            /**
             * Format: uuid
             * @description Whose contact this is, when it is known.
             */
            customerId?: string;
            /** @description Used while the customer has none. */
            customerName?: string;
            /** Format: email */
            email?: string;
            /** Format: phone */
            phone?: string;
            /**
             * @description {name: value} of the flow's variables.
             * @example {
             *       "order": "4711"
             *     }
             */
            variables?: unknown;
            /**
             * @description End what runs in the chat; otherwise 409 FLOW_RUNNING.
             * @default false
             */
            replace: boolean;
        };
        FlowsResumeSessionBody: {
            /**
             * @description What the customer wrote meanwhile is no answer.
             * @default false
             */
            skip: boolean;
        };
        FlowsStartInChatBody: {
            /** Format: uuid */
            flowId: string;
            /**
             * @description End what runs there.
             * @default false
             */
            replace: boolean;
        };
        FlowsTestBeginBody: {
            /** @default webchat */
            channelKind: string;
            /** @description {name, phone, email, …}. */
            customer?: unknown;
            /** @description {kind, text}: text is said first. */
            trigger?: unknown;
            /** @description Instead of the draft. */
            graph?: unknown;
            /**
             * @description Calls leave the house.
             * @default false
             */
            httpReal: boolean;
            /**
             * Format: date-time
             * @description The clock stands there until it is moved.
             */
            clock?: string;
        };
        FlowsTestSayBody: {
            text?: string;
            optionId?: string;
            /** Format: uuid */
            fileId?: string;
        };
        FlowsTestSkipBody: {
            /**
             * Format: int64
             * @description So far; 0: to the time that it waits for.
             * @default 0
             */
            ms: number;
        };
        FlowsTestAnswerBody: {
            /**
             * Format: int64
             * @description 0: none.
             * @default 200
             */
            status: number;
            body?: string;
        };
        FlowsRecordTestBody: {
            name: string;
            /** Format: uuid */
            sessionId: string;
        };
        FlowsHttpTestBody: {
            /** @description Of the draft. */
            nodeId?: string;
            /**
             * @description The node's data as it is drawn; instead of the draft's.
             * @example {
             *       "method": "GET",
             *       "url": "https://example.com/"
             *     }
             */
            data?: unknown;
            /** @description {name: value} */
            variables?: unknown;
            /** @description {name, phone, email, …}. */
            customer?: unknown;
        };
        PublicChatStartFlowBody: {
            /** Format: uuid */
            flowId: string;
            /** @description [{name, value}] or {name: value} */
            flowVariables?: unknown;
            /**
             * @description End what runs in the chat; otherwise 409 FLOW_RUNNING with its sessionId.
             * @default false
             */
            replace: boolean;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
