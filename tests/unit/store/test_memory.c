/* The contract on the store in memory. */
#include "fixture.h"

static struct lf_store *
open_memory(void *ctx, const struct lf_model *model)
{
    (void)ctx;
    struct lf_store *store = NULL;
    struct lf_store_options options = {.url = "memory:", .model = model};
    OK(lf_store_open(&options, &store, &err));
    return store;
}

static void
reset_memory(void *ctx)
{
    (void)ctx;
}

int
main(void)
{
    static const struct backend backend = {.name = "memory", .open = open_memory, .reset = reset_memory};
    return contract_run(&backend);
}
