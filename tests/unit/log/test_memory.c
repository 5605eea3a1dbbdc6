/* The contract on the log in memory, bare and inside the fault-injecting one. */
#include "log_contract.h"

#include "log/fault.h"

static struct lf_log *
open_memory(const struct lf_log_options *options)
{
    struct lf_err err = {0};
    struct lf_log_options mine = *options;
    struct lf_log *log = NULL;
    mine.url = "memory:";
    assert_ok(lf_log_open(&mine, &log, &err));
    return log;
}

static struct lf_log *
open_fault(const struct lf_log_options *options)
{
    struct lf_err err = {0};
    struct lf_log *log = NULL;
    assert_ok(lf_log_fault_open(open_memory(options), NULL, &log, &err));
    return log;
}

int
main(void)
{
    struct log_contract contract = {
        .name = "memory", .open = open_memory, .partitions = 4, .record_bytes_max = LF_RECORD_BYTES_MAX};
    int failed = run_log_contract(&contract);
    contract.name = "fault";
    contract.open = open_fault;
    return failed + run_log_contract(&contract);
}
