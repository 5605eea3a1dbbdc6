#include "bank.h"

#define TEXT(literal) {"" literal, sizeof(literal) - 1}

enum { ID, OWNER, BALANCE, LAST, DEPOSITS };

static struct lf_field account_fields[] = {
    {.name = TEXT("id"), .column = TEXT("id"), .type = LF_T_ID, .non_null = true},
    {.name = TEXT("owner"), .column = TEXT("owner"), .type = LF_T_STRING, .non_null = true},
    {.name = TEXT("balance"),
     .column = TEXT("balance"),
     .type = LF_T_INT,
     .non_null = true,
     .has_initial = true,
     .initial = {.type = LF_V_INT, .u.integer = 0}},
    {.name = TEXT("last"), .column = TEXT("last"), .type = LF_T_INT},
    {.name = TEXT("deposits"),
     .column = TEXT("deposits"),
     .type = LF_T_INT,
     .non_null = true,
     .has_initial = true,
     .initial = {.type = LF_V_INT, .u.integer = 0}},
};
static struct lf_entity entities[] = {
    {.name = TEXT("Account"),
     .collection = TEXT("accounts"),
     .single = TEXT("account"),
     .fields = account_fields,
     .field_count = 5,
     .key = ID,
     .index = 0},
};

static const struct lf_constraint not_negative = {
    .min = {.type = LF_V_INT, .u.integer = 0},
    .min_length = -1,
    .max_length = -1,
    .min_items = -1,
    .max_items = -1,
};
static struct lf_field opened_fields[] = {
    {.name = TEXT("id"), .column = TEXT("id"), .type = LF_T_ID, .non_null = true},
    {.name = TEXT("owner"), .column = TEXT("owner"), .type = LF_T_STRING, .non_null = true},
};
static struct lf_field deposited_fields[] = {
    {.name = TEXT("id"), .column = TEXT("id"), .type = LF_T_ID, .non_null = true},
    {.name = TEXT("amount"), .column = TEXT("amount"), .type = LF_T_INT, .non_null = true, .constraint = &not_negative},
};
static struct lf_field closed_fields[] = {
    {.name = TEXT("id"), .column = TEXT("id"), .type = LF_T_ID, .non_null = true},
};
static struct lf_field noted_fields[] = {
    {.name = TEXT("text"), .column = TEXT("text"), .type = LF_T_STRING, .non_null = true},
};

static struct lf_apply_step opened_steps[] = {{.op = LF_APPLY_COPY, .target = OWNER, .source = 1}};
static struct lf_apply_step deposited_steps[] = {
    {.op = LF_APPLY_ADD, .target = BALANCE, .source = 1},
    {.op = LF_APPLY_SET, .target = LAST, .source = 1},
    {.op = LF_APPLY_INCREMENT, .target = DEPOSITS, .increment = 1},
};

static struct lf_event_type events[] = {
    {.name = TEXT("Opened"),
     .type_name = TEXT("Opened"),
     .entity = &entities[0],
     .entity_key = 0,
     .message_key = 0,
     .version = 1,
     .fields = opened_fields,
     .field_count = 2,
     .steps = opened_steps,
     .step_count = 1,
     .index = 0},
    {.name = TEXT("Deposited"),
     .type_name = TEXT("Deposited"),
     .entity = &entities[0],
     .entity_key = 0,
     .message_key = 0,
     .version = 1,
     .fields = deposited_fields,
     .field_count = 2,
     .steps = deposited_steps,
     .step_count = 3,
     .index = 1},
    {.name = TEXT("Closed"),
     .type_name = TEXT("Closed"),
     .entity = &entities[0],
     .entity_key = 0,
     .message_key = 0,
     .version = 1,
     .deletes = true,
     .fields = closed_fields,
     .field_count = 1,
     .index = 2},
    {.name = TEXT("Noted"),
     .type_name = TEXT("Noted"),
     .entity_key = SIZE_MAX,
     .message_key = SIZE_MAX,
     .version = 1,
     .fields = noted_fields,
     .field_count = 1,
     .index = 3},
};

struct lf_model bank;

void
bank_init(void)
{
    bank.entities = entities;
    bank.entity_count = 1;
    bank.events = events;
    bank.event_count = 4;
    lf_map_init(&bank.event_map);
    lf_map_init(&bank.entity_map);
    for (size_t i = 0; i < bank.event_count; i++)
        LF_ASSERT(lf_map_add(&bank.event_map, events[i].name, &events[i]) == LF_OK);
    LF_ASSERT(lf_map_add(&bank.entity_map, entities[0].name, &entities[0]) == LF_OK);
}

void
bank_release(void)
{
    lf_map_release(&bank.event_map);
    lf_map_release(&bank.entity_map);
}
