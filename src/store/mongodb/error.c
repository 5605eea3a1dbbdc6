/* MongoDB's codes (the server's error_codes.yml) and libmongoc's domains as statuses. */
#include "store/mongodb/mongodb.h"

#include <string.h>

/* What is away, full or electing is waited for; what this event alone cannot pass is refused; all else needs a
 * person. */
static const struct {
    int32_t code;
    enum lf_status status;
} statuses[] = {
    {1, LF_UNAVAILABLE},     /* InternalError: the server's own trouble */
    {2, LF_INVALID},         /* BadValue */
    {6, LF_UNAVAILABLE},     /* HostUnreachable */
    {7, LF_UNAVAILABLE},     /* HostNotFound */
    {13, LF_DENIED},         /* Unauthorized */
    {18, LF_DENIED},         /* AuthenticationFailed */
    {20, LF_UNSUPPORTED},    /* IllegalOperation */
    {22, LF_INVALID},        /* InvalidBSON */
    {24, LF_AGAIN},          /* LockTimeout */
    {43, LF_UNAVAILABLE},    /* CursorNotFound */
    {48, LF_DUPLICATE},      /* NamespaceExists */
    {50, LF_TIMEOUT},        /* MaxTimeMSExpired */
    {59, LF_UNSUPPORTED},    /* CommandNotFound */
    {64, LF_TIMEOUT},        /* WriteConcernFailed: outcome unknown */
    {79, LF_UNSUPPORTED},    /* UnknownReplWriteConcern */
    {89, LF_UNAVAILABLE},    /* NetworkTimeout */
    {91, LF_UNAVAILABLE},    /* ShutdownInProgress */
    {100, LF_UNAVAILABLE},   /* UnsatisfiableWriteConcern: too few members are up */
    {112, LF_AGAIN},         /* WriteConflict */
    {121, LF_CONFLICT},      /* DocumentValidationFailure: a rule that people have added */
    {133, LF_UNAVAILABLE},   /* FailedToSatisfyReadPreference */
    {175, LF_UNAVAILABLE},   /* QueryPlanKilled: collection dropped or step down */
    {189, LF_UNAVAILABLE},   /* PrimarySteppedDown */
    {225, LF_AGAIN},         /* TransactionTooOld */
    {239, LF_UNAVAILABLE},   /* SnapshotTooOld */
    {246, LF_AGAIN},         /* SnapshotUnavailable */
    {251, LF_AGAIN},         /* NoSuchTransaction: the server has ended it */
    {262, LF_UNAVAILABLE},   /* ExceededTimeLimit */
    {263, LF_UNSUPPORTED},   /* OperationNotSupportedInTransaction */
    {290, LF_AGAIN},         /* TransactionExceededLifetimeLimitSeconds */
    {9001, LF_UNAVAILABLE},  /* SocketException */
    {10107, LF_UNAVAILABLE}, /* NotWritablePrimary */
    {10334, LF_LIMIT},       /* BSONObjectTooLarge */
    {11600, LF_UNAVAILABLE}, /* InterruptedAtShutdown */
    {11602, LF_UNAVAILABLE}, /* InterruptedDueToReplStateChange */
    {13435, LF_UNAVAILABLE}, /* NotPrimaryNoSecondaryOk */
    {13436, LF_UNAVAILABLE}, /* NotPrimaryOrSecondary */
    {14031, LF_UNAVAILABLE}, /* OutOfDiskSpace */
    {17280, LF_LIMIT},       /* KeyTooLong */
};

enum lf_status
lf_mongo_status_of_code(int32_t code)
{
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        if (statuses[i].code == code)
            return statuses[i].status;
    }
    return LF_INTERNAL;
}

static bool
has_label(const bson_t *reply, const char *label)
{
    return reply != NULL && mongoc_error_has_label(reply, label);
}

/* Failures without a server's answer. *ret_lost: the connection is of no more use. */
static enum lf_status
status_of_library(const bson_error_t *error, bool *ret_lost)
{
    *ret_lost = true;
    switch (error->domain) {
    case MONGOC_ERROR_SERVER_SELECTION: return LF_UNAVAILABLE;
    case MONGOC_ERROR_STREAM: return strstr(error->message, "timeout") != NULL ? LF_TIMEOUT : LF_UNAVAILABLE;
    case MONGOC_ERROR_CLIENT: return error->code == MONGOC_ERROR_CLIENT_AUTHENTICATE ? LF_DENIED : LF_UNAVAILABLE;
    case MONGOC_ERROR_PROTOCOL:
        return error->code == MONGOC_ERROR_PROTOCOL_BAD_WIRE_VERSION ? LF_UNSUPPORTED : LF_UNAVAILABLE;
    case MONGOC_ERROR_TRANSACTION: return LF_AGAIN;
    case MONGOC_ERROR_BSON: return LF_LIMIT; /* a document beyond the server's maxima */
    default: return LF_INTERNAL;
    }
}

enum lf_status
lf_mongo_fail(struct lf_mongo_link *link, const bson_error_t *error, const bson_t *reply, const char *doing,
              struct lf_err *err)
{
    bool lost = false, answered = error->domain == MONGOC_ERROR_SERVER || error->domain == MONGOC_ERROR_WRITE_CONCERN;
    enum lf_status st = LF_OK;
    if (!answered)
        st = status_of_library(error, &lost);
    else
        st = error->domain == MONGOC_ERROR_WRITE_CONCERN ? LF_TIMEOUT : lf_mongo_status_of_code((int32_t)error->code);
    if (answered && st == LF_INTERNAL && has_label(reply, "TransientTransactionError"))
        st = LF_AGAIN;
    if (has_label(reply, "UnknownTransactionCommitResult"))
        st = LF_TIMEOUT;
    if (answered)
        st = lf_fail(err, st, "%s: %s (code %u)", doing, error->message, (unsigned)error->code);
    else
        st = lf_fail(err, st, "%s: %s", doing, error->message);
    if (lost || (answered && st == LF_UNAVAILABLE)) /* another member may be the one to ask now */
        lf_mongo_link_drop(link);
    return st;
}
