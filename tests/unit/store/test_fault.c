/* The contract on a fault-injecting store that injects nothing. */
#include "fixture.h"

#include "store/fault.h"

static struct lf_store *
open_fault(void *ctx, const struct lf_model *model)
{
    (void)ctx;
    struct lf_store *store = NULL;
    struct lf_store_options options = {.url = "memory:", .model = model};
    OK(lf_store_open(&options, &store, &err));
    store = lf_store_fault_new(store);
    assert_non_null(store);
    return store;
}

static void
reset_fault(void *ctx)
{
    (void)ctx;
}

int
main(void)
{
    static const struct backend backend = {.name = "fault", .open = open_fault, .reset = reset_fault};
    return contract_run(&backend);
}
