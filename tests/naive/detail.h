/* What the files of tests/naive/ share. */
#ifndef NAIVE_DETAIL_H
#define NAIVE_DETAIL_H

#include <stdlib.h>

#include "base/buf.h"
#include "naive.h"

/* --- labels.c: the labels of one entry ------------------------------------------------------- */

enum nv_kind { NV_STREAM, NV_META, NV_PARSED };

struct nv_label {
	struct bytes name, value;
	struct bytes key; /* of a parsed field: where in the line it came from; else NULL */
	unsigned stage;	  /* which stage parsed it */
};

enum { NV_ADDED_MAX = 96 };

struct nv_labels {
	struct arena *a;
	const struct labels *base; /* of the stream */
	struct nv_label added[3][NV_ADDED_MAX];
	size_t n[3];
	struct bytes gone[NV_ADDED_MAX]; /* labels of the stream that were taken away */
	size_t n_gone;
	struct bytes error; /* empty: none */
	bool has_details;   /* of an error, which may be gone */
	bool preserve;	    /* the error may be seen by a metric query */
};

bool nv_base_has(const struct nv_labels *l, struct bytes name);
bool nv_get(const struct nv_labels *l, struct bytes name, struct bytes *ret,
	    enum nv_kind *ret_kind);
/* The same with "" for a label that is not there; __error__ too. */
struct bytes nv_value(const struct nv_labels *l, struct bytes name);
void nv_set(struct nv_labels *l, enum nv_kind kind, struct bytes name, struct bytes value);
void nv_del(struct nv_labels *l, struct bytes name);
void nv_error(struct nv_labels *l, const char *what);
/* name + "_extracted" */
struct bytes nv_extracted(struct arena *a, struct bytes name);
/* All that can be seen, sorted by name, with __error__ if there is one. */
struct labels nv_visible(const struct nv_labels *l);

/* Sets of labels. */
struct labels nv_pick(struct arena *a, const struct labels *l, const struct bytes *names, size_t n,
		      bool those);
struct labels nv_without_empty(struct arena *a, const struct labels *l);
struct labels nv_with(struct arena *a, const struct labels *l, struct bytes name,
		      struct bytes value);

/* --- pipeline.c: what becomes of one entry --------------------------------------------------- */

/* What parsers leave out, because nobody would see it; the errors of what is left out are not seen
 * either, so it is part of the language. */
struct nv_hints {
	bool no_labels;
	bool some; /* only those of want[] */
	struct bytes want[64];
	size_t n_want;
	bool preserve;
	const struct logql_filter *filter[64]; /* of one label each: asked as soon as it is set */
	size_t n_filters;
};

struct nv_group {
	enum { NV_ALL, NV_BY, NV_WITHOUT } kind;
	size_t n;
	struct bytes labels[32];
};

struct nv_pipe {
	struct arena *a;
	const struct logql_log *log;
	const struct logql_unwrap *unwrap;
	bool bytes_count; /* what lines become is seen: all but metric queries other than of bytes
			   */
	struct nv_hints hints;
};

/* False for a line_format that Loki leaves out, since nobody looks at its lines. */
bool nv_stage_counts(const struct nv_pipe *p, size_t i);

void nv_pipe_init(struct nv_pipe *p, struct arena *a, const struct logql_log *log,
		  const struct logql_unwrap *unwrap, bool bytes_count, const struct nv_group *g);
bool nv_selects(const struct logql_log *log, const struct labels *stream);
/* False: the entry is out. */
bool nv_pipe_run(const struct nv_pipe *p, const struct labels *stream, const struct nv_entry *x,
		 struct nv_labels *l, struct bytes *ret_line);
/* The value that unwrap takes. False: the entry is out. */
bool nv_unwrap(const struct nv_pipe *p, struct nv_labels *l, double *ret);

bool nv_filter(const struct logql_filter *f, struct nv_labels *l);
bool nv_compares(enum logql_op op, double a, double b);
bool nv_has_ip(const struct logql_ip *ip, struct bytes text);

/* --- template.c ------------------------------------------------------------------------------ */

/* False: a function fails. */
bool nv_expand(const struct nv_labels *l, struct bytes template, struct bytes line, int64_t ts_ns,
	       struct bytes *ret);
/* Each label that it names. */
void nv_template_labels(struct bytes template, void (*each)(void *data, struct bytes name),
			void *data);

/* --- parsers.c ------------------------------------------------------------------------------- */

/* False: a filter has refused the line meanwhile. */
bool nv_parse(const struct nv_pipe *p, unsigned stage, const struct logql_stage *s,
	      struct nv_labels *l, struct bytes *line);

/* --- numbers.c ------------------------------------------------------------------------------- */

/* A value of a label as a number, a duration in nanoseconds, a size. */
bool nv_number(struct bytes text, double *ret);
bool nv_duration(struct bytes text, int64_t *ret_ns);
bool nv_size(struct bytes text, double *ret);

/* --- metric expressions ---------------------------------------------------------------------- */

/* A line that counts, with its value. */
struct nv_point {
	int64_t ts_ns;
	double v;
	struct labels labels;
	bool failed; /* it has an error that no one asked for */
	uint32_t stream;
};

struct nv_leaf {
	const struct logql_expr *expr;
	struct nv_point *v;
	size_t n;
};

struct nv_eval {
	struct arena *a;
	const struct nv_data *data;
	const bool *first; /* by entry: not a repetition of one before it */
	bool is_range;
	bool rounded; /* a mean or a variance was among it: what looks exact need not be so */
	struct nv_answer *answer;
	struct nv_leaf leaf[64]; /* what was computed already */
	size_t n_leaves;
};

/* outer: the grouping of a sum right around it, or NULL. common: the range of the variants that it
 * is one of, or NULL. */
struct nv_vector nv_range(struct nv_eval *ev, const struct logql_expr *x,
			  const struct logql_grouping *outer, const struct logql_range *common,
			  int64_t t);
/* The aggregation x of these, by the labels of g. */
struct nv_vector nv_aggregate(struct nv_eval *ev, const struct logql_expr *x,
			      const struct logql_grouping *g, struct nv_vector in);
struct nv_vector nv_variants(struct nv_eval *ev, const struct logql_expr *x, int64_t t);
struct nv_vector nv_binary(struct nv_eval *ev, const struct logql_expr *x, int64_t t);
struct nv_vector nv_expr(struct nv_eval *ev, const struct logql_expr *x,
			 const struct logql_grouping *outer, int64_t t);
void nv_push(struct arena *a, struct nv_vector *v, struct labels labels, double value);
/* Whether no rounding stands behind a number, as far as one can see. */
bool nv_exact(double v);
/* Whether two numbers are so close that rounding may decide which is larger. */
bool nv_close(const struct nv_eval *ev, double a, double b);

#endif
