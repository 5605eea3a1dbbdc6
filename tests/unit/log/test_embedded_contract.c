/* The contract on the embedded log. */
#include "log_contract.h"
#include "temp_dir.h"

static struct temp_dir dir;

static struct lf_log *
open_embedded(const struct lf_log_options *options)
{
    struct lf_err err = {0};
    struct lf_log_options mine = *options;
    struct lf_log *log = NULL;
    dir = make_temp_dir();
    mine.url = dir.url;
    mine.exclusive = true;
    assert_ok(lf_log_open(&mine, &log, &err));
    return log;
}

static void
remove_dir(void)
{
    remove_tree(dir.path);
}

int
main(void)
{
    const struct log_contract contract = {.name = "embedded",
                                          .open = open_embedded,
                                          .closed = remove_dir,
                                          .partitions = 1,
                                          .record_bytes_max = LF_RECORD_BYTES_MAX};
    return run_log_contract(&contract);
}
