/*
 * Which branch of a union a payload's value goes to. JSON has fewer kinds of values than Avro has types: the branch
 * that holds the value best is taken; among equals the record with the most of its members, then the first one.
 */
#include "codec/avro/encode.h"

/* Without a look at parts. */
static enum lf_avro_fit
outer_fit(const struct lf_avro_encoding *run, const struct lf_avro_type *type, const struct lf_value *value)
{
    struct lf_avro_leaf leaf;
    switch (type->kind) {
    case LF_AVRO_RECORD: return value->type == LF_V_OBJECT ? LF_AVRO_FITS : LF_AVRO_FITS_NOT;
    case LF_AVRO_ARRAY: return value->type == LF_V_LIST ? LF_AVRO_FITS : LF_AVRO_FITS_NOT;
    case LF_AVRO_MAP: return value->type == LF_V_OBJECT ? LF_AVRO_FITS_BY_FORM : LF_AVRO_FITS_NOT;
    case LF_AVRO_UNION: return LF_AVRO_FITS_NOT; /* its branches say */
    default: return lf_avro_leaf_of(type, value, run->raw, &leaf);
    }
}

static enum lf_status fit_of(struct lf_avro_encoding *run, const struct lf_avro_type *type,
                             const struct lf_value *value, unsigned depth, enum lf_avro_fit *ret);

/* The worse of what was and of how a part fits. */
static enum lf_status
fit_part(struct lf_avro_encoding *run, const struct lf_avro_type *type, const struct lf_value *value, unsigned depth,
         enum lf_avro_fit *fit)
{
    enum lf_avro_fit part = LF_AVRO_FITS_NOT;
    enum lf_status st = fit_of(run, type, value, depth, &part);
    if (part < *fit)
        *fit = part;
    return st;
}

static enum lf_status
fit_record(struct lf_avro_encoding *run, const struct lf_avro_type *type, const struct lf_value *value, unsigned depth,
           enum lf_avro_fit *fit)
{
    uint32_t found = 0;
    enum lf_status st = LF_OK;
    for (uint32_t i = 0; st == LF_OK && *fit != LF_AVRO_FITS_NOT && i < type->count; i++) {
        const struct lf_avro_field *field = &type->u.fields[i];
        const struct lf_value *member = lf_value_get(value, field->name);
        st = lf_avro_encode_charge(run, value->count);
        found += member != NULL ? 1 : 0;
        if (st == LF_OK && member != NULL)
            st = fit_part(run, field->type, member, depth, fit);
        else if (field->state == LF_AVRO_NO_DEFAULT && (run->raw || !lf_avro_is_nullable(field->type)))
            *fit = LF_AVRO_FITS_NOT;
    }
    if (found != value->count)
        *fit = LF_AVRO_FITS_NOT;
    return st;
}

static enum lf_status
fit_items(struct lf_avro_encoding *run, const struct lf_avro_type *type, const struct lf_value *value, unsigned depth,
          enum lf_avro_fit *fit)
{
    enum lf_status st = LF_OK;
    const bool list = value->type == LF_V_LIST;
    for (uint32_t i = 0; st == LF_OK && *fit != LF_AVRO_FITS_NOT && i < value->count; i++)
        st = fit_part(run, type->u.item, list ? &value->u.items[i] : &value->u.members[i].value, depth, fit);
    return st;
}

static enum lf_status
fit_union(struct lf_avro_encoding *run, const struct lf_avro_type *type, const struct lf_value *value, unsigned depth,
          enum lf_avro_fit *fit)
{
    enum lf_status st = LF_OK;
    for (uint32_t i = 0; st == LF_OK && *fit != LF_AVRO_FITS && i < type->count; i++) {
        enum lf_avro_fit branch = LF_AVRO_FITS_NOT;
        st = fit_of(run, type->u.branches[i], value, depth, &branch);
        if (branch > *fit)
            *fit = branch;
    }
    return st;
}

/* How well a type holds a value with all its parts: as the worst of them. What is too deep counts as well held: the
 * encoder says what is wrong. */
static enum lf_status
fit_of(struct lf_avro_encoding *run, const struct lf_avro_type *type, const struct lf_value *value, unsigned depth,
       enum lf_avro_fit *ret)
{
    enum lf_status st = lf_avro_encode_charge(run, 1);
    if (st != LF_OK)
        return st;
    *ret = outer_fit(run, type, value);
    if (type->kind == LF_AVRO_UNION)
        return fit_union(run, type, value, depth, ret);
    if (*ret == LF_AVRO_FITS_NOT || depth >= LF_AVRO_DEPTH_MAX)
        return LF_OK;
    if (type->kind == LF_AVRO_RECORD)
        return fit_record(run, type, value, depth + 1, ret);
    if (type->kind == LF_AVRO_ARRAY || type->kind == LF_AVRO_MAP)
        return fit_items(run, type, value, depth + 1, ret);
    return LF_OK;
}

static uint32_t
members_of(const struct lf_avro_type *type, const struct lf_value *value)
{
    uint32_t count = 0;
    for (uint32_t i = 0; type->kind == LF_AVRO_RECORD && i < type->count; i++)
        count += lf_value_get(value, type->u.fields[i].name) != NULL ? 1 : 0;
    return count;
}

/* The best of several that may hold the value. */
static enum lf_status
choose_best(struct lf_avro_encoding *run, const struct lf_avro_type *type, const struct lf_value *value,
            enum lf_avro_fit *ret_fit, uint32_t *ret)
{
    enum lf_avro_fit best = LF_AVRO_FITS_NOT;
    uint32_t most = 0;
    for (uint32_t i = 0; i < type->count; i++) {
        const struct lf_avro_type *branch = type->u.branches[i];
        enum lf_avro_fit fit = LF_AVRO_FITS_NOT;
        enum lf_status st = fit_of(run, branch, value, run->depth, &fit);
        if (st != LF_OK)
            return st;
        const uint32_t members = fit != LF_AVRO_FITS_NOT ? members_of(branch, value) : 0;
        if (fit > best || (fit == best && members > most)) {
            *ret = i;
            best = fit;
            most = members;
        }
    }
    *ret_fit = best;
    return LF_OK;
}

/* The common case, a type that may be null: nothing else needs to be looked at. */
static bool
choose_nullable(const struct lf_avro_type *type, const struct lf_value *value, uint32_t *ret)
{
    if (type->count != 2)
        return false;
    const uint32_t null = type->u.branches[0]->kind == LF_AVRO_NULL ? 0 : 1;
    if (type->u.branches[null]->kind != LF_AVRO_NULL)
        return false;
    *ret = value->type == LF_V_NULL ? null : 1 - null;
    return true;
}

enum lf_status
lf_avro_choose(struct lf_avro_encoding *run, const struct lf_avro_type *type, const struct lf_value *value,
               const struct lf_json_step *step, uint32_t *ret)
{
    if (choose_nullable(type, value, ret))
        return LF_OK;
    uint32_t candidates = 0;
    enum lf_status st = lf_avro_encode_charge(run, type->count);
    for (uint32_t i = 0; st == LF_OK && i < type->count; i++) {
        if (outer_fit(run, type->u.branches[i], value) != LF_AVRO_FITS_NOT) {
            candidates++;
            *ret = i;
        }
    }
    if (st != LF_OK || candidates == 1) /* if its parts do not fit, the error will say which */
        return st;
    enum lf_avro_fit fit = LF_AVRO_FITS_NOT;
    if (candidates > 0)
        st = choose_best(run, type, value, &fit, ret);
    if (st == LF_OK && fit == LF_AVRO_FITS_NOT)
        return lf_avro_encode_fail(run, step, "the value fits none of the union's %u types", type->count);
    return st;
}
