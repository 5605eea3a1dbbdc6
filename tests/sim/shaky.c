#include "shaky.h"
#include "log/fault.h"

static const struct {
    unsigned op;
    enum lf_log_fault_kind kind;
} calls[SHAKY_CALLS] = {
    [SHAKY_ENSURE_TOPIC] = {LF_LOG_FAULT_ENSURE_TOPIC, LF_LOG_FAULT_FAIL},
    [SHAKY_RANGES] = {LF_LOG_FAULT_RANGES, LF_LOG_FAULT_FAIL},
    [SHAKY_WRITER_OPEN] = {LF_LOG_FAULT_WRITER_OPEN, LF_LOG_FAULT_FAIL},
    [SHAKY_APPEND] = {LF_LOG_FAULT_APPEND, LF_LOG_FAULT_FAIL},
    [SHAKY_ACK] = {LF_LOG_FAULT_ACK, LF_LOG_FAULT_FAIL},
    [SHAKY_ACK_LOST] = {LF_LOG_FAULT_ACK, LF_LOG_FAULT_LOSE_ACK},
    [SHAKY_ACK_LATE] = {LF_LOG_FAULT_ACK, LF_LOG_FAULT_DELAY},
    [SHAKY_ACK_TWICE] = {LF_LOG_FAULT_ACK, LF_LOG_FAULT_DUPLICATE},
    [SHAKY_READER_OPEN] = {LF_LOG_FAULT_READER_OPEN, LF_LOG_FAULT_FAIL},
    [SHAKY_READ] = {LF_LOG_FAULT_READ, LF_LOG_FAULT_FAIL},
    [SHAKY_READ_AGAIN] = {LF_LOG_FAULT_READ, LF_LOG_FAULT_DUPLICATE},
    [SHAKY_SEEK] = {LF_LOG_FAULT_SEEK, LF_LOG_FAULT_FAIL},
};

struct lf_log *
shaky_open(struct lf_log *inner)
{
    struct lf_log *log = NULL;
    struct lf_err err = {0};
    LF_ASSERT(lf_log_fault_open(inner, NULL, &log, &err) == LF_OK);
    return log;
}

void
shaky_arm(struct lf_log *log, enum shaky_call call, uint64_t at, uint64_t count, enum lf_status status)
{
    const struct lf_log_fault_plan plan = {
        .ops = calls[call].op, .kind = calls[call].kind, .at = at, .count = count, .status = status};
    lf_log_fault_plan(log, &plan);
}

void
shaky_arm_slow(struct lf_log *log)
{
    const struct lf_log_fault_plan plan = {
        .ops = LF_LOG_FAULT_ACK, .kind = LF_LOG_FAULT_DELAY, .at = 1, .count = 1000, .delay = 1000000000};
    lf_log_fault_plan(log, &plan);
}

void
shaky_disarm(struct lf_log *log)
{
    lf_log_fault_plan(log, NULL);
}

bool
shaky_hit(struct lf_log *log)
{
    return lf_log_fault_hit(log);
}
