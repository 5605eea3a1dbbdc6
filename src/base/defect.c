/* Which defect is on. Not part of the product. */
#include "base/defect.h"
#include "base/err.h"

#include <stdlib.h>
#include <string.h>

struct lf_defects lf_defects;

static const struct {
    const char *name;
    bool *on;
} rows[] = {
#define LF_DEFECT_ROW(room, name) {#name, &lf_defects.name},
#include "base/defect.def"
#undef LF_DEFECT_ROW
};

__attribute__((constructor)) static void
read_environment(void)
{
    const char *wanted = getenv("LOGFIRST_DEFECT");
    bool found = wanted == NULL;
    for (size_t i = 0; !found && i < sizeof(rows) / sizeof(rows[0]); i++)
        found = *rows[i].on = strcmp(rows[i].name, wanted) == 0;
    LF_ASSERT(found);
}
