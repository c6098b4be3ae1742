-- name: auth_signup
-- A new person with a new organization, its roles, and the first session.
-- wakes: events
select auth_signup(:in::jsonb, :password_hash, :token_hash, :address, :agent, :trace);

-- name: auth_try
-- Count a try that has no account (sign-up, links); seconds to wait, 0 when it may go on.
select auth_try(:kind, :address_key, :free::integer, :first_s::integer) as wait_s;

-- name: auth_login_begin
-- Count a login and fetch what checks the password.
select * from auth_login_begin(:email, :address_key);

-- name: auth_login_done
-- The password was right: a session.
select auth_login_done(:user::uuid, :password_hash, :token_hash, :address_key, :address, :agent, :trace);

-- name: auth_ticket_make
-- The password was right, a code is needed: a ticket for it.
select auth_ticket_make(:user::uuid, :password_hash, :ticket_hash) as made;

-- name: auth_ticket_begin
-- Count a code of a ticket and fetch what checks it.
select * from auth_ticket_begin(:ticket_hash);

-- name: auth_ticket_done
-- The code was right: a session, unless the code was used before.
select auth_ticket_done(:ticket_hash, :step::bigint, :code_hash, :token_hash, :address_key, :address, :agent, :trace);

-- name: auth_session
-- Who a cookie's session is, and what they are in the organization.
select * from auth_session(:token_hash, :org::uuid);

-- name: auth_key
-- Whose key this is and what it may do.
select * from auth_key(:key_hash, :address);

-- name: auth_me
-- A person as they see themselves.
select auth_me(:actor::uuid) || jsonb_build_object('version', :version::text);

-- name: auth_me_update
-- Change one's own name, language, settings, e-mail address.
-- wakes: events
select auth_me_update(:actor::uuid, :in::jsonb, :address, :trace);

-- name: auth_password
-- The hash of one's own password, to check it again.
select auth_password(:actor::uuid) as password_hash;

-- name: auth_password_try
-- Count a try of one's own password.
select * from auth_password_try(:actor::uuid);

-- name: auth_password_good
-- It was right.
select auth_password_good(:actor::uuid);

-- name: auth_password_set
-- A new password; every other session ends.
-- wakes: events
select auth_password_set(:actor::uuid, :password_hash, :session::uuid, :address, :trace);

-- name: auth_sessions
-- One's own logins.
select auth_sessions(:actor::uuid, :session::uuid);

-- name: auth_sessions_end
-- End one login, or all others.
-- wakes: events
select auth_sessions_end(:actor::uuid, :session::uuid, :keep::uuid, :address, :trace) as ended;

-- name: auth_totp_begin
-- A sealed secret that waits for its first code.
select auth_totp_begin(:actor::uuid, :sealed) as email;

-- name: auth_totp_waiting
-- That secret.
select auth_totp_waiting(:actor::uuid) as sealed;

-- name: auth_totp_enable
-- The first code was right: two factors from now on.
-- wakes: events
select auth_totp_enable(:actor::uuid, :sealed, :step::bigint, :codes::text[], :address, :trace) as enabled;

-- name: auth_totp_disable
-- One factor again.
-- wakes: events
select auth_totp_disable(:actor::uuid, :address, :trace);

-- name: auth_reset_request
-- Somebody forgot their password: a mail, or a request that waits for an admin.
-- wakes: events, jobs
select auth_reset_request(:email, :token_hash, :secret, :address);

-- name: auth_reset_find
-- Whose link this is.
select auth_reset_find(:token_hash) as email;

-- name: auth_reset_done
-- Use a reset link.
-- wakes: events
select auth_reset_done(:token_hash, :password_hash, :address, :trace) as user_id;

-- name: auth_invitation
-- What an invitation's page shows.
select auth_invitation(:token_hash);

-- name: auth_invitation_accept
-- Become a member by a link.
-- wakes: events
select auth_invitation_accept(:token_hash, :actor::uuid, :in::jsonb, :password_hash, :session_hash, :address, :agent, :trace);

-- name: auth_organization_create
-- A further organization of one's own.
-- wakes: events
select auth_organization_create(:actor::uuid, :in::jsonb, :address, :trace);

-- name: auth_sweep
-- Remove what has expired, in the whole installation.
select auth_sweep();

-- name: auth_cli_user_add
-- For the command line: a person in an organization.
-- wakes: events
select auth_cli_user_add(:email, :name, :password_hash, :organization, :role, :language);

-- name: auth_cli_passwd
-- For the command line: a new password.
-- wakes: events
select auth_cli_passwd(:email, :password_hash, :drop_totp::boolean) as found;
