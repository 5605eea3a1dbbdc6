/* Writes a response, straight from the slots; without recursion, since its depth is the client's choice. */
#include "graphql/exec.h"
#include "json/json.h"

static void
write_leaf(struct lf_buf *out, const struct lf_value *value)
{
    switch (value->type) {
    case LF_V_NULL: lf_buf_add(out, LF_LIT("null")); break;
    case LF_V_BOOL: lf_buf_add(out, value->u.boolean ? LF_LIT("true") : LF_LIT("false")); break;
    case LF_V_INT: lf_buf_add_i64(out, value->u.integer); break;
    case LF_V_STRING: lf_json_write_string(out, lf_value_text(value)); break;
    default: lf_json_write(out, value); break;
    }
}

static char
closing(const struct lf_gql_slot *slot)
{
    return slot->state == LF_GQL_SLOT_LIST ? ']' : '}';
}

/* What stands before a slot, and the slot itself as far as it is no parent. */
static void
write_slot(struct lf_buf *out, const struct lf_gql_slot *slot)
{
    if (slot->parent != NULL) {
        if (slot != slot->parent->u.children)
            lf_buf_add_char(out, ',');
        if (!slot->item)
            lf_buf_add(out, slot->field->quoted);
    }
    switch ((enum lf_gql_slot_state)slot->state) {
    case LF_GQL_SLOT_LEAF: write_leaf(out, &slot->value); break;
    case LF_GQL_SLOT_LIST: lf_buf_add(out, slot->count != 0 ? LF_LIT("[") : LF_LIT("[]")); break;
    case LF_GQL_SLOT_OBJECT: lf_buf_add(out, slot->count != 0 ? LF_LIT("{") : LF_LIT("{}")); break;
    case LF_GQL_SLOT_NULL:
    case LF_GQL_SLOT_WAITING: lf_buf_add(out, LF_LIT("null")); break;
    }
}

static void
write_tree(struct lf_buf *out, const struct lf_gql_slot *root)
{
    const struct lf_gql_slot *slot = root;
    while (out->failed == LF_OK) {
        write_slot(out, slot);
        if (slot->count != 0) {
            slot = slot->u.children;
            continue;
        }
        while (slot != root && slot + 1 == slot->parent->u.children + slot->parent->count) {
            slot = slot->parent;
            lf_buf_add_char(out, closing(slot));
        }
        if (slot == root)
            break;
        slot++;
    }
}

void
lf_gql_exec_write(const struct lf_gql_exec *exec, struct lf_buf *out)
{
    lf_buf_add_char(out, '{');
    if (exec->errors.count != 0) {
        lf_buf_add(out, LF_LIT("\"errors\":"));
        lf_gql_errors_write(out, &exec->errors);
    }
    if (exec->has_data) {
        lf_buf_add(out, exec->errors.count != 0 ? LF_LIT(",\"data\":") : LF_LIT("\"data\":"));
        write_tree(out, &exec->root);
    }
    lf_buf_add_char(out, '}');
}
