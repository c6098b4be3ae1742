-- A flow that waits for the customer's answer, and what a version says of the tests that ran before it went live.
alter table chats add column response_flow jsonb;
comment on column chats.response_flow is 'A flow that starts when the customer writes: {flowId, name, at, vars, by}; null: none.';

alter table flow_versions add column tests jsonb;
comment on column flow_versions.tests is 'Recorded tests at publishing: {passed, failed, forced}; null: there were none.';
