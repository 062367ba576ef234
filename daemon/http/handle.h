/* SPDX-License-Identifier: Apache-2.0 */
/* handle: what the routes run. handle_<subject>.c and exchange.c; routes.c names each once. */
#ifndef SAMBUNG_DAEMON_HTTP_HANDLE_H
#define SAMBUNG_DAEMON_HTTP_HANDLE_H

#include "call.h"

#define HANDLE_OPEN(name)                                                                          \
	enum status name(struct call *call, struct store *reader, struct error *err)
#define HANDLE_WRITE(name)                                                                         \
	enum status name(struct call *call, struct ingest *ingest, struct error *err)
#define HANDLE_WORK(name) enum status name(struct call *call, struct error *err)
#define HANDLE_ANSWER(name)                                                                        \
	enum status name(struct call *call, struct store *reader, struct error *err)

/* exchange.c */
HANDLE_OPEN(sync_open);
HANDLE_WRITE(sync_write);
HANDLE_ANSWER(sync_answer);
HANDLE_OPEN(enrol_open);
HANDLE_WRITE(enrol_write);

/* handle_records.c */
HANDLE_ANSWER(records_answer);
HANDLE_ANSWER(record_answer);
HANDLE_ANSWER(count_answer);

/* handle_conflicts.c */
HANDLE_ANSWER(conflicts_answer);
HANDLE_OPEN(settle_open);
HANDLE_WRITE(settle_write);

/* handle_history.c */
HANDLE_ANSWER(history_answer);

/* handle_log.c */
HANDLE_ANSWER(log_answer);

/* handle_proof.c */
HANDLE_ANSWER(checkpoint_answer);
HANDLE_ANSWER(consistency_answer);
HANDLE_ANSWER(proof_answer);

/* handle_export.c */
HANDLE_ANSWER(export_answer);

/* handle_import.c */
HANDLE_OPEN(import_open);
HANDLE_WRITE(import_write);

/* handle_devices.c */
HANDLE_WRITE(waiting_write);
HANDLE_ANSWER(syncs_answer);
HANDLE_ANSWER(devices_answer);
HANDLE_OPEN(device_open);
HANDLE_WRITE(revoke_write);
HANDLE_WRITE(replace_write);
HANDLE_WRITE(allow_write);
HANDLE_ANSWER(family_answer);
HANDLE_WRITE(scope_write);
HANDLE_ANSWER(scope_answer);
HANDLE_OPEN(handover_open);
HANDLE_WRITE(handover_write);
HANDLE_ANSWER(handover_answer);

/* handle_quarantine.c */
HANDLE_ANSWER(quarantine_answer);
HANDLE_WRITE(release_write);
HANDLE_WRITE(close_write);
HANDLE_WRITE(reassign_write);

/* handle_carry.c */
HANDLE_OPEN(adopt_open);
HANDLE_WRITE(adopt_write);

/* handle_epochs.c */
HANDLE_ANSWER(epochs_answer);

/* handle_erasure.c */
HANDLE_WRITE(erase_write);
HANDLE_WRITE(erase_finish_write);
HANDLE_ANSWER(erasures_answer);
HANDLE_ANSWER(erasure_answer);

/* handle_person.c */
HANDLE_ANSWER(person_answer);

/* handle_breach.c */
HANDLE_ANSWER(breach_answer);

/* handle_access.c */
HANDLE_WRITE(code_write);
HANDLE_WRITE(token_write);

HANDLE_ANSWER(tokens_answer);
HANDLE_OPEN(token_open);
HANDLE_WRITE(token_revoke_write);
HANDLE_ANSWER(token_answer);

/* handle_users.c */
HANDLE_ANSWER(users_answer);
HANDLE_OPEN(user_add_open);
HANDLE_OPEN(user_password_open);
HANDLE_OPEN(user_disable_open);
HANDLE_WORK(user_prove);
HANDLE_WRITE(user_add_write);
HANDLE_WRITE(user_password_write);
HANDLE_WRITE(user_disable_write);
HANDLE_ANSWER(user_answer);

/* handle_session.c */
HANDLE_OPEN(sign_in_open);
HANDLE_OPEN(own_password_open);
HANDLE_WORK(sign_in_prove);
HANDLE_WRITE(sign_in_write);
HANDLE_ANSWER(sign_in_answer);
HANDLE_ANSWER(session_answer);
HANDLE_WRITE(sign_out_write);

/* handle_schema.c */
HANDLE_ANSWER(schema_answer);
HANDLE_WRITE(schema_write);
HANDLE_ANSWER(schema_check_answer);

/* handle_server.c */
HANDLE_ANSWER(health_answer);
HANDLE_WORK(backup_work);
HANDLE_ANSWER(backup_answer);

#endif
