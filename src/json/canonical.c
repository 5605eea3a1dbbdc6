/*
 * The canonical form: RFC 8785 (JCS) in layout and escapes, but names sorted bytewise and numbers with all their
 * digits, so that no two different values share a form. Iterative: an open container is a node in a scratch arena.
 */
#include "json/json.h"
#include "json/number.h"

#include <openssl/evp.h>
#include <stdlib.h>

struct open_node {
    struct open_node *parent;
    const struct lf_value *container;
    const struct lf_member **order; /* of an object */
    uint32_t next;
};

struct canon {
    struct lf_buf *out;
    struct lf_arena scratch;
    struct open_node *top;
    struct open_node *spare; /* closed nodes, used again */
    struct lf_err *err;
};

static int
compare_names(const void *a, const void *b)
{
    const struct lf_member *const *left = a;
    const struct lf_member *const *right = b;
    return lf_bytes_compare((*left)->name, (*right)->name);
}

/* Pointers to the members in the order of their names; NULL out of memory. */
static const struct lf_member **
sort_members(struct canon *canon, const struct lf_value *object)
{
    const struct lf_member **order = LF_ARENA_ARRAY(&canon->scratch, const struct lf_member *, object->count);
    if (order == NULL)
        return NULL;
    bool sorted = true;
    for (uint32_t i = 0; i < object->count; i++) {
        order[i] = &object->u.members[i];
        sorted = sorted && (i == 0 || lf_bytes_compare(order[i - 1]->name, order[i]->name) <= 0);
    }
    if (!sorted)
        qsort(order, object->count, sizeof(const struct lf_member *), compare_names);
    return order;
}

static struct open_node *
new_node(struct canon *canon)
{
    struct open_node *node = canon->spare;
    if (node == NULL)
        return LF_ARENA_NEW(&canon->scratch, struct open_node);
    canon->spare = node->parent;
    return node;
}

static enum lf_status
open_container(struct canon *canon, const struct lf_value *value)
{
    struct open_node *node = new_node(canon);
    if (node == NULL)
        return lf_no_memory(canon->err);
    *node = (struct open_node){.parent = canon->top, .container = value};
    if (value->type == LF_V_OBJECT && value->count != 0) {
        node->order = sort_members(canon, value);
        if (node->order == NULL)
            return lf_no_memory(canon->err);
    }
    canon->top = node;
    lf_buf_add_char(canon->out, value->type == LF_V_LIST ? '[' : '{');
    return LF_OK;
}

static enum lf_status
write_number(struct canon *canon, const struct lf_value *value)
{
    if (!lf_number_is_finite(value))
        return lf_fail(canon->err, LF_INVALID, "an infinite number or NaN has no canonical JSON");
    if (value->type == LF_V_INT && value->u.integer >= INT64_C(-9007199254740992) &&
        value->u.integer <= INT64_C(9007199254740992)) { /* far below the 21 digits where layouts part */
        lf_buf_add_i64(canon->out, value->u.integer);
        return LF_OK;
    }
    char space[LF_NUMBER_TEXT_SIZE];
    struct lf_decimal decimal = lf_decimal_of(value, space);
    lf_decimal_write(canon->out, &decimal);
    return LF_OK;
}

static enum lf_status
write_value(struct canon *canon, const struct lf_value *value)
{
    switch (value->type) {
    case LF_V_NULL: lf_buf_add(canon->out, LF_LIT("null")); return LF_OK;
    case LF_V_BOOL: lf_buf_add(canon->out, value->u.boolean ? LF_LIT("true") : LF_LIT("false")); return LF_OK;
    case LF_V_INT:
    case LF_V_FLOAT: return write_number(canon, value);
    case LF_V_STRING:
    case LF_V_ENUM: lf_json_write_string(canon->out, lf_value_text(value)); return LF_OK;
    case LF_V_LIST:
    case LF_V_OBJECT: return open_container(canon, value);
    default: return lf_fail(canon->err, LF_INVALID, "a value of a resolver's own has no canonical JSON");
    }
}

static enum lf_status
write_next_child(struct canon *canon)
{
    struct open_node *node = canon->top;
    const uint32_t i = node->next++;
    if (i != 0)
        lf_buf_add_char(canon->out, ',');
    if (node->order == NULL)
        return write_value(canon, &node->container->u.items[i]);
    lf_json_write_string(canon->out, node->order[i]->name);
    lf_buf_add_char(canon->out, ':');
    return write_value(canon, &node->order[i]->value);
}

static void
close_container(struct canon *canon)
{
    struct open_node *node = canon->top;
    lf_buf_add_char(canon->out, node->container->type == LF_V_LIST ? ']' : '}');
    canon->top = node->parent;
    node->parent = canon->spare;
    canon->spare = node;
}

enum lf_status
lf_json_write_canonical(struct lf_buf *out, const struct lf_value *value, struct lf_err *err)
{
    struct canon canon = {.out = out, .err = err};
    lf_arena_init(&canon.scratch, 0, 0);
    enum lf_status st = write_value(&canon, value);
    while (st == LF_OK && canon.top != NULL) {
        if (canon.top->next < canon.top->container->count)
            st = write_next_child(&canon);
        else
            close_container(&canon);
        if (st == LF_OK)
            st = lf_buf_status(out, err);
    }
    lf_arena_release(&canon.scratch);
    return st == LF_OK ? lf_buf_status(out, err) : st;
}

enum lf_status
lf_json_digest(const struct lf_value *value, uint8_t ret[32], struct lf_err *err)
{
    struct lf_buf text;
    lf_buf_init(&text, SIZE_MAX);
    enum lf_status st = lf_json_write_canonical(&text, value, err);
    if (st == LF_OK && EVP_Digest(text.ptr, text.len, ret, NULL, EVP_sha256(), NULL) != 1)
        st = lf_fail(err, LF_INTERNAL, "libcrypto cannot compute SHA-256");
    lf_buf_release(&text);
    return st;
}
