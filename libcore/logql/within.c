#include "logql/within.h"

static bool has_matcher(const struct logql_log *log, const struct logql_matcher *m)
{
	for (size_t i = 0; i < log->n_matchers; i++) {
		const struct logql_matcher *own = &log->matchers[i];

		if (own->op == m->op && own->how == m->how && bytes_eq(own->name, m->name) &&
		    bytes_eq(own->value, m->value))
			return true;
	}
	return false;
}

static bool has_all(const struct logql_log *log, const struct logql_log *only)
{
	for (size_t i = 0; i < only->n_matchers; i++)
		if (!has_matcher(log, &only->matchers[i]))
			return false;
	return true;
}

bool logql_is_within(const struct logql_expr *x, const struct logql_log *only)
{
	switch (x->kind) {
	case LOGQL_LOG:
		return has_all(x->log, only);
	case LOGQL_RANGE_AGG:
		return has_all(x->range_agg.range->log, only);
	case LOGQL_VECTOR_AGG:
		return logql_is_within(x->vector_agg.arg, only);
	case LOGQL_LABEL_REPLACE:
		return logql_is_within(x->label_replace.arg, only);
	case LOGQL_BINARY:
		return logql_is_within(x->binary.left, only) &&
		       logql_is_within(x->binary.right, only);
	case LOGQL_VARIANTS:
		for (size_t i = 0; i < x->variants.n; i++)
			if (!logql_is_within(x->variants.v[i], only))
				return false;
		return has_all(x->variants.range->log, only);
	case LOGQL_LITERAL:
	case LOGQL_VECTOR:
		break;
	}
	return true;
}
