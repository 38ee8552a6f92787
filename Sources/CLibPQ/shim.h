// PostgreSQL's client library, and what of it is a macro.
#pragma once

#include <libpq-fe.h>

static inline int stator_pq_diagnostic_sqlstate(void) { return PG_DIAG_SQLSTATE; }
static inline int stator_pq_diagnostic_message(void) { return PG_DIAG_MESSAGE_PRIMARY; }
static inline int stator_pq_diagnostic_detail(void) { return PG_DIAG_MESSAGE_DETAIL; }
static inline int stator_pq_diagnostic_constraint(void) { return PG_DIAG_CONSTRAINT_NAME; }

static inline void stator_pq_drop_notice(void *argument, const char *message) {
    (void)argument;
    (void)message;
}

// libpq's own processor writes notices to standard error.
static inline void stator_pq_silence_notices(PGconn *connection) {
    PQsetNoticeProcessor(connection, stator_pq_drop_notice, NULL);
}
